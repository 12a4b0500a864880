"""credit.transfer: lots move to another customer of the tenant, with their terms."""

from dataclasses import astuple

import pytest

from domain.identity import AccountKey
from domain.invariants import violations
from domain.kept import Transfer
from tests.builders import ACME, deduct, grant, instant, invoice
from tests.verbs import configure, hold, transfer, void_grant
from tests.world import World

BOLT = AccountKey("default", "bolt", "USD")
END = "2026-02-01"


def test_credit_leaves_one_account_and_comes_to_the_other() -> None:
    """R18: an entry on each side, and the sum is as it was."""
    world = World().given(grant(500))
    first, second = world.when(transfer(200)).entries
    assert (first.kind, first.amount, first.balance) == ("transfer_out", -200, 300)
    assert (second.kind, second.amount, second.balance) == ("transfer_in", 200, 200)
    assert (world.balance(ACME), world.balance(BOLT)) == (300, 200)


def test_both_sides_are_told() -> None:
    """R18, I19: the arrival's cause is the derived message, whose source is scrip's own."""
    sent, arrived = World().given(grant(500)).when(transfer(200)).told("credit.balance_changed")
    assert (sent["customer"], sent["balance"], sent["cause"]["id"]) == ("acme", 300, "transfer-t")
    assert (arrived["customer"], arrived["balance"]) == ("bolt", 200)
    assert arrived["cause"]["source"] == "scrip/transfer"
    assert arrived["event_seq"] == 1


def test_the_derived_message_has_a_receipt_of_its_own() -> None:
    """R18, R20, I1: it comes to pass once on the receiver's account too."""
    world = World().given(grant(500), transfer(200))
    (key,) = [key for key in world.receipts if key.source == "scrip/transfer"]
    receipt = world.receipts[key]
    assert key.account_id == world.account(BOLT).id
    assert (receipt.outcome, receipt.seq_first, receipt.seq_last) == ("applied", 1, 1)


def test_lots_leave_in_the_order_of_use() -> None:
    """R1, R18: and arrive in the same order, each as a grant of its own."""
    world = World().given(grant(100, "b", priority=2), grant(100, "a", priority=1))
    out, arrival = world.when(transfer(150)).entries
    assert [(a.grant, a.amount) for a in out.allocations] == [("a", 100), ("b", 50)]
    assert [a.amount for a in arrival.allocations] == [100, 50]
    assert world.left("a", "b") == [0, 50]


def test_lots_keep_their_terms() -> None:
    """R18: category, priority, beginning, end and scope; they expire there as they would here."""
    world = World()
    world.given(
        grant(
            300,
            category="promotional",
            priority=7,
            effective="2026-01-01",
            expires=END,
            scope=["api"],
        )
    )
    world.given(transfer(200))
    (lot,) = world.account(BOLT).grants.values()
    assert (lot.amount, lot.category, lot.priority) == (200, "promotional", 7)
    assert (lot.effective_at, lot.expires_at) == (instant("2026-01-01"), instant(END))
    assert lot.scope == ("api",)
    rows = world.at("2026-02-05").expire().entries
    assert sorted((row.kind, row.amount) for row in rows) == [("expiry", -200), ("expiry", -100)]


def test_scoped_lots_move_too() -> None:
    """R18: unlike a deduction or a hold, a transfer is not a use."""
    world = World().given(grant(100, "s", scope=["api"], priority=1), grant(100, "u", priority=2))
    (out, _) = world.when(transfer(150)).entries
    assert [(a.grant, a.amount) for a in out.allocations] == [("s", 100), ("u", 50)]


def test_a_transfer_is_done_whole_or_not_at_all() -> None:
    """R18: what is reserved, pending or expired does not move."""
    world = World().given(
        grant(100),
        hold(40),
        grant(50, "new", effective="2026-03-01"),
        grant(50, "old", expires=END),
    )
    world.at(END)
    seen = world.when(transfer(61))
    assert (seen.outcomes, seen.rows, world.balance()) == (["insufficient_credit"], [], 200)
    assert BOLT not in [account.key for account in world.accounts.values()] or (
        world.balance(BOLT) == 0
    )
    assert world.when(transfer(60, transfer="t2")).outcomes == ["applied"]


def test_a_transfer_id_counts_once() -> None:
    """R7: the same data changes nothing; another amount or customer is a conflict."""
    world = World().given(grant(500), transfer(200))
    again = world.when(transfer(200, id="again"))
    assert (again.outcomes, again.rows) == (["applied"], [])
    assert world.when(transfer(201, id="more")).outcomes == ["id_conflict"]
    assert world.when(transfer(200, "cora", id="to another")).outcomes == ["id_conflict"]
    assert (world.balance(), world.balance(BOLT)) == (300, 200)


def test_a_refused_transfer_leaves_its_id_free() -> None:
    """R7, R20: the message's key is claimed, the transfer's id is not."""
    world = World()
    assert world.when(transfer(200)).outcomes == ["insufficient_credit"]
    assert world.given(grant(500)).when(transfer(200, id="retry")).outcomes == ["applied"]


def test_one_id_sent_by_two_customers_is_two_transfers() -> None:
    """R18: the lots arrive under names that tell them apart."""
    world = World().given(grant(100), grant(100, customer="cora"))
    world.given(transfer(100), transfer(100, customer="cora"))
    assert world.balance(BOLT) == 200
    assert len(world.account(BOLT).grants) == 2


def test_what_came_may_be_used_in_the_same_batch() -> None:
    """R18, R23: the arrival is decided before the next message."""
    messages = [grant(500), transfer(200), invoice(150, customer="bolt")]
    together = World().when(*messages)
    assert together.rows[-1].startswith("application -150: ")
    assert World().when(*messages, cuts=[1, 2]).rows == together.rows


def test_what_came_may_be_sent_back() -> None:
    """R18: credit that moves in a circle is as much as it was, with its terms."""
    world = World().given(grant(500, expires=END), transfer(500))
    world.given(transfer(500, "acme", "back", customer="bolt"))
    assert (world.balance(), world.balance(BOLT)) == (500, 0)
    (lot,) = [g for g in world.account().grants.values() if g.remaining]
    assert lot.expires_at == instant(END)


def test_what_has_left_is_gone_from_the_grant() -> None:
    """I6: amount = used + expired + voided + moved + remaining."""
    world = World().given(grant(500), transfer(200), deduct(100), void_grant())
    lot = world.account().grants["g"]
    assert (lot.moved, lot.used, lot.voided, lot.remaining) == (200, 100, 200, 0)


def test_an_arrival_pays_open_invoices_where_that_is_asked_for() -> None:
    """R11, R18: it counts as a grant, and pays with what arrived alone."""
    world = World().given(configure(apply_to_open_invoices=True, customer="bolt"))
    world.given(grant(5, "new", effective="2026-03-01", customer="bolt"))
    world.given(invoice(150, customer="bolt"), grant(500))
    assert world.when(transfer(100)).rows[-1].startswith("application -100: transfer-")
    assert world.account(BOLT).invoices["i"].due == 50


def test_a_transfer_that_could_not_arrive_does_not_leave() -> None:
    """A balance never passes 9 x 10^15, on the other side either."""
    most = 10**15
    full = [grant(most, f"g{number}", customer="bolt") for number in range(9)]
    world = World().given(grant(500), *full)
    seen = world.when(transfer(1))
    assert (seen.outcomes, seen.rows, world.balance()) == (["balance_limit"], [], 500)
    world.given(deduct(1, customer="bolt"))
    assert world.when(transfer(1, id="retry")).outcomes == ["applied"]


def test_tenant_and_currency_stay_the_same() -> None:
    """I15, I16: only the customer changes."""
    world = World().given(grant(500, tenant="elsewhere", currency="EUR"))
    world.given(transfer(200, tenant="elsewhere", currency="EUR"))
    assert world.balance(AccountKey("elsewhere", "bolt", "EUR")) == 200


def test_a_transfer_to_oneself_is_malformed() -> None:
    """R18: it says nothing that could be done."""
    with pytest.raises(AssertionError, match="to_customer"):
        transfer(100, "acme")


def test_a_transfer_is_kept_under_its_name() -> None:
    """R18: who got how much, and which entry took it out."""
    world = World().given(grant(500), transfer(200))
    kept = world.account().find(Transfer, "t")
    assert kept is not None and astuple(kept)[:4] == ("t", "bolt", 200, 2)


@pytest.mark.parametrize("key", [ACME, BOLT], ids=["sender", "receiver"])
def test_both_books_are_in_order(key: AccountKey) -> None:
    """R18: I3-I8, I10, I14-I17, I19 on either side, after a transfer and back."""
    world = World().given(grant(500, expires=END), transfer(300), invoice(50, customer="bolt"))
    world.given(transfer(100, "acme", "back", customer="bolt")).at("2026-02-05").expire()
    assert violations(world.books(key)) == []
