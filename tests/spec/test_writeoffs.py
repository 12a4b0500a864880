"""payment.shortfall, writeoff.reverse: a payment that came a little short is let off."""

import pytest

from domain.identity import AccountKey
from domain.messages import Message
from domain.settings import TenantSettings
from tests.builders import deduct, grant, invoice, void
from tests.verbs import (
    apply,
    configure,
    paid,
    reverse,
    reverse_writeoff,
    shortfall,
    update,
    void_grant,
)
from tests.world import World

TOLERANCES = {"basic": {"USD": 30, "EUR": 15}, "pro": {"USD": 100}}


def tolerant(plan: str | None = "basic", *before: Message) -> World:
    """A tenant that lets 30 cents off on its basic plan, and an invoice over 300."""
    settings = TenantSettings(plan=plan, tolerances=TOLERANCES)
    return World(settings).given(*before, invoice(300))


def test_a_small_shortfall_is_written_off() -> None:
    """R19: a pair of entries, the balance as it was, the invoice paid."""
    world = tolerant()
    seen = world.when(shortfall(20))
    assert seen.rows == [
        "writeoff_grant +20: writeoff/w 20",
        "writeoff_application -20: writeoff/w 20",
    ]
    assert (seen.outcomes, seen.why, world.balance()) == (["applied"], ["written_off"], 0)
    found = world.invoice()
    assert (found.status, found.applied, found.due) == ("paid", 20, 0)


def test_the_pair_is_one_event() -> None:
    """R19: before and after it the balance and what is available are the same."""
    seen = tolerant("basic", grant(500, effective="2026-03-01")).when(shortfall(20))
    (data,) = seen.told("credit.balance_changed")
    assert (data["balance_before"], data["balance"], data["available"]) == (500, 500, 0)


def test_the_boundary_is_inclusive() -> None:
    """R19: 0 < shortfall <= tolerance."""
    assert tolerant().when(shortfall(30)).outcomes == ["applied"]
    above = tolerant()
    seen = above.when(shortfall(31))
    assert (seen.outcomes, seen.rows) == (["above_tolerance"], [])
    assert (above.invoice().status, above.invoice().applied) == ("open", 0)


def test_without_a_tolerance_nothing_is_written_off() -> None:
    """R19: off by default, for an unknown plan, and for a currency that the plan does not name."""
    assert World().given(invoice(300)).when(shortfall(1)).outcomes == ["above_tolerance"]
    assert tolerant("unheard of").when(shortfall(1)).outcomes == ["above_tolerance"]
    assert tolerant("pro").when(shortfall(1, plan="unheard of")).outcomes == ["above_tolerance"]
    yen = tolerant().given(invoice(300, currency="JPY"))
    assert yen.when(shortfall(1, currency="JPY")).outcomes == ["above_tolerance"]


def test_each_currency_has_its_own_tolerance() -> None:
    """R19: tolerance(plan, currency)."""
    world = tolerant().given(invoice(300, currency="EUR"))
    assert world.when(shortfall(16, currency="EUR")).outcomes == ["above_tolerance"]
    assert world.when(shortfall(15, currency="EUR", id="2nd")).outcomes == ["applied"]
    assert world.balance(AccountKey("default", "acme", "EUR")) == 0


@pytest.mark.parametrize(
    ("tenant", "account", "own", "outcome"),
    [
        ("basic", None, None, "above_tolerance"),
        ("pro", None, None, "applied"),
        ("basic", "pro", None, "applied"),
        ("pro", "basic", None, "above_tolerance"),
        ("basic", "basic", "pro", "applied"),
        ("pro", "pro", "basic", "above_tolerance"),
        (None, None, "pro", "applied"),
    ],
)
def test_the_plan_is_the_messages_else_the_accounts_else_the_tenants(
    tenant: str | None, account: str | None, own: str | None, outcome: str
) -> None:
    """R19: 50 cents are within pro's tolerance, and above basic's."""
    world = tolerant(tenant).given(configure(plan=account))
    assert world.when(shortfall(50, plan=own)).outcomes == [outcome]


def test_no_more_is_written_off_than_is_due() -> None:
    """I7: what credit has paid already counts."""
    world = tolerant("basic", grant(290))
    assert world.when(shortfall(11)).outcomes == ["exceeds_due"]
    assert world.when(shortfall(10, id="2nd")).outcomes == ["applied"]
    assert (world.invoice().applied, world.balance()) == (300, 0)


def test_available_credit_is_left_alone() -> None:
    """R19: a write-off is not paid from what the customer has."""
    world = tolerant().given(grant(500))
    world.given(shortfall(20))
    assert (world.balance(), world.available(), world.left("g")) == (500, 500, [500])


def test_write_off_credit_is_never_spendable() -> None:
    """R14: neither now nor after anything is taken back."""
    world = tolerant("basic", grant(100)).given(shortfall(20))
    assert world.when(deduct(1, id="d1")).outcomes == ["insufficient_credit"]
    assert world.when(reverse()).rows == ["reversal +100: g 100"]
    assert world.when(reverse(id="again")).outcomes == ["already_reversed"]
    assert world.when(reverse(entry=4)).outcomes == ["unknown_entry"]
    assert (world.balance(), world.invoice().applied) == (100, 20)


def test_a_void_leaves_the_write_off_where_it_is() -> None:
    """R10, R14: the customer's credit comes back, write-offs excepted."""
    world = tolerant("basic", grant(100)).given(shortfall(20))
    assert world.when(void()).rows == ["reversal +100: g 100"]
    found = world.invoice()
    assert (found.status, found.applied, found.due, world.balance()) == ("void", 20, 0, 100)


def test_a_write_off_is_reversed_whole() -> None:
    """R19: a reversal and a void; the balance is as it was, and the invoice is open again."""
    world = tolerant("basic", grant(100)).given(shortfall(20))
    seen = world.when(reverse_writeoff())
    assert seen.rows == ["reversal +20: writeoff/w 20", "void -20: writeoff/w 20"]
    assert seen.entries[0].reverses == (4,)
    found = world.invoice()
    assert (found.status, found.applied, found.due, world.balance()) == ("open", 100, 200, 0)


def test_a_write_off_is_reversed_once() -> None:
    """R19: after that, `already_reversed`; its credit is gone for good."""
    world = tolerant().given(shortfall(20), reverse_writeoff())
    assert world.when(reverse_writeoff(id="again")).outcomes == ["already_reversed"]
    assert world.when(deduct(1)).outcomes == ["insufficient_credit"]


def test_an_invoice_whose_write_off_was_reversed_may_be_paid_otherwise() -> None:
    """R19: it is open, so it takes credit, or another write-off under another id."""
    world = tolerant().given(shortfall(20), reverse_writeoff(), grant(290))
    world.given(apply(290))
    assert world.when(shortfall(10, writeoff="w2")).outcomes == ["applied"]
    assert (world.invoice().status, world.invoice().applied) == ("paid", 300)


def test_the_write_off_of_a_void_invoice_is_not_reversed() -> None:
    """R10: void is final, and could not be open again."""
    world = tolerant().given(shortfall(20), void())
    assert world.when(reverse_writeoff()).outcomes == ["invoice_void"]
    assert (world.invoice().status, world.invoice().applied, world.balance()) == ("void", 20, 0)


def test_a_write_off_nobody_knows_is_not_reversed() -> None:
    """R21: and another account's is not known here (I15)."""
    world = tolerant().given(shortfall(20))
    assert world.when(reverse_writeoff("other")).outcomes == ["unknown_writeoff"]
    assert world.when(reverse_writeoff(customer="other")).outcomes == ["unknown_writeoff"]


CLOSED = [
    ("unknown", [], "nobody's", "unknown_invoice"),
    ("void", [void()], "i", "invoice_void"),
    ("paid", [paid()], "i", "invoice_not_open"),
    ("a draft", [update(status="draft")], "i", "invoice_not_open"),
    ("under payment", [update(status="payment_pending")], "i", "invoice_not_open"),
    ("written off", [shortfall(10, writeoff="first")], "i", "invoice_not_open"),
]


@pytest.mark.parametrize(
    ("before", "name", "reason"), [c[1:] for c in CLOSED], ids=[c[0] for c in CLOSED]
)
def test_only_what_is_due_is_written_off(before: list[Message], name: str, reason: str) -> None:
    """R8, R19: the earlier reasons of the list, although the amount is above tolerance too."""
    world = tolerant().given(*before)
    assert world.when(shortfall(31, name)).outcomes == [reason]


def test_a_write_off_id_counts_once() -> None:
    """R7: the same data changes nothing, and other data is a conflict."""
    world = tolerant().given(shortfall(20), invoice(300, "j"))
    again = world.when(shortfall(20, id="again"))
    assert (again.outcomes, again.rows, again.why) == (["applied"], [], ["already_created"])
    other = world.when(shortfall(21, id="other"), shortfall(20, "j", id="elsewhere"))
    assert other.outcomes == ["id_conflict"] * 2


def test_without_an_id_a_write_off_takes_its_messages() -> None:
    """R19: by which it can be reversed."""
    world = tolerant().given(shortfall(20, writeoff=None, id="m1"))
    assert world.when(reverse_writeoff("m1")).outcomes == ["applied"]


def test_an_id_that_a_grant_has_is_free_for_a_write_off() -> None:
    """R7: filled in by default, they may well be alike; the other way round too."""
    world = tolerant("basic", grant(100, None, id="1"))
    seen = world.when(shortfall(20, writeoff=None, id="1", source="payments"))
    assert (seen.outcomes, world.balance()) == (["applied"], 0)
    other = tolerant().given(shortfall(20, writeoff=None, id="1", source="payments"))
    assert other.when(grant(100, None, id="1")).outcomes == ["applied"]


def test_a_write_off_is_no_grant_of_its_name() -> None:
    """R14: there is nothing to be had, not even under the name that its entries allocate."""
    world = tolerant().given(shortfall(20))
    assert world.when(void_grant("w"), deduct(1, "w", id="1")).outcomes == ["unknown_grant"] * 2
    assert world.when(deduct(1, "writeoff/w", id="2")).outcomes == ["insufficient_credit"]


def test_a_line_may_be_written_off() -> None:
    """R19: the application names it, and so does the reversal."""
    settings = TenantSettings(plan="basic", tolerances=TOLERANCES)
    world = World(settings).given(invoice(lines=[("l1", None, 20), ("l2", None, 300)]))
    seen = world.when(shortfall(20, line="l1"), reverse_writeoff())
    assert seen.rows[1] == "writeoff_application -20: writeoff/w/l1 20"
    assert seen.rows[2] == "reversal +20: writeoff/w/l1 20"
