"""invoice.updated: another status or amount, and what that takes or gives back."""

import pytest

from domain.messages import Message
from domain.settings import TenantSettings
from tests.builders import grant, invoice, void
from tests.verbs import paid, update
from tests.world import World


def test_a_smaller_amount_gives_the_surplus_back() -> None:
    """R9: what is over returns, and the invoice stays covered."""
    world = World().given(grant(500), invoice(300))
    seen = world.when(update(200))
    assert (seen.rows, seen.why) == (["reversal +100: g 100"], ["given_back"])
    found = world.invoice()
    assert (world.balance(), found.amount_due, found.applied, found.due) == (300, 200, 200, 0)


def test_the_surplus_goes_back_in_the_reverse_order_of_use() -> None:
    """R9, R13: what was used last returns first."""
    world = World().given(grant(100, "a", priority=1), grant(100, "b", priority=2), invoice(150))
    assert world.when(update(80)).rows == ["reversal +70: b 50, a 20"]
    assert world.left("a", "b") == [20, 100]


def test_a_smaller_amount_that_is_still_above_what_was_applied_gives_nothing_back() -> None:
    """R9: there is no surplus, and a smaller amount takes nothing either."""
    world = World().given(grant(100), invoice(300), grant(500, "later"))
    assert world.when(update(200)).rows == []
    assert (world.invoice().applied, world.invoice().due, world.left("later")) == (100, 100, [500])


def test_an_amount_of_nothing_gives_everything_back() -> None:
    """R9: the invoice stays open, unlike after a void."""
    world = World().given(grant(500), invoice(300))
    assert world.when(update(0)).rows == ["reversal +300: g 300"]
    assert (world.balance(), world.invoice().status, world.invoice().due) == (500, "open", 0)


def test_what_comes_back_to_a_grant_that_has_expired_expires_at_once() -> None:
    """R9, R13: two entries, and nothing of it can be used."""
    world = World().given(grant(500, expires="2026-02-01"), invoice(300)).at("2026-02-05")
    world.expire()
    assert world.when(update(100)).rows == ["reversal +200: g 200", "expiry -200: g 200"]
    assert (world.balance(), world.invoice().applied) == (0, 100)


def test_a_surplus_that_would_pass_the_highest_balance_is_refused() -> None:
    """A balance never passes 9 x 10^15, and the invoice stays as it was."""
    most = 10**15
    first = [grant(most, f"g{number}") for number in range(9)]
    world = World().given(*first, invoice(300)).given(grant(300, "g9"))
    assert world.when(update(299)).outcomes == ["balance_limit"]
    assert (world.invoice().amount_due, world.invoice().applied) == (300, 300)


def test_a_larger_amount_takes_more() -> None:
    """R9: an entry of its own beside the first."""
    world = World().given(grant(500), invoice(300))
    seen = world.when(update(400))
    assert (seen.rows, seen.why) == (["application -100: g 100"], ["credited"])
    assert (world.balance(), world.invoice().applied) == (100, 400)


def test_a_larger_amount_takes_up_to_all_that_is_due() -> None:
    """R9: also what was left unpaid before; a grant has come since."""
    world = World().given(grant(100), invoice(300), grant(500, "later"))
    assert world.when(update(400)).rows == ["application -300: later 300"]
    assert (world.invoice().applied, world.invoice().due) == (400, 0)


def test_a_larger_amount_takes_what_there_is() -> None:
    """R6, R9: never more than is usable; the rest stays due."""
    world = World().given(grant(350), invoice(300))
    assert world.when(update(400)).rows == ["application -50: g 50"]
    assert world.invoice().due == 50


def test_a_larger_amount_takes_more_only_when_auto_apply_says_so() -> None:
    """R5, R9: the invoice's own auto_apply counts, then the account's, then the tenant's."""
    world = World(TenantSettings(auto_apply=False)).given(grant(900))
    world.given(invoice(300, "follows"), invoice(300, "own", auto_apply=True))
    assert world.when(update(400, "follows")).why == ["auto_apply_off"]
    assert world.when(update(400, "own")).rows == ["application -100: g 100"]
    assert world.invoice("follows").due == 400


def test_an_update_to_open_applies() -> None:
    """R8: a draft, or an invoice under payment, takes credit once it is open."""
    world = World().given(grant(500))
    world.given(invoice(300, "i1", status="draft"), invoice(100, "i2", status="payment_pending"))
    seen = world.when(update(invoice="i1", status="open"), update(invoice="i2", status="open"))
    assert seen.rows == ["application -300: g 300", "application -100: g 100"]
    assert seen.why == ["credited", "credited"]


def test_an_update_to_open_with_another_amount_applies_that() -> None:
    """R8: both at once."""
    world = World().given(grant(500), invoice(300, status="draft"))
    assert world.when(update(120, status="open")).rows == ["application -120: g 120"]


def test_an_update_away_from_open_takes_nothing() -> None:
    """R8: payment_pending and draft invoices take no credit, and keep what they have."""
    world = World().given(grant(500), invoice(300))
    assert world.when(update(400, status="payment_pending")).why == ["not_open"]
    assert (world.invoice().applied, world.invoice().status) == (300, "payment_pending")
    assert world.when(update(450)).rows == []


def test_a_smaller_amount_under_payment_gives_back_all_the_same() -> None:
    """R9: I7 holds for every status."""
    world = World().given(grant(500), invoice(300), update(status="payment_pending"))
    assert world.when(update(200)).rows == ["reversal +100: g 100"]


def test_an_update_that_says_nothing_new_changes_nothing() -> None:
    """R9: neither smaller nor larger; told all the same."""
    world = World().given(grant(100), invoice(300), grant(500, "later"))
    seen = world.when(update(300))
    assert (seen.outcomes, seen.rows, len(seen.why)) == (["applied"], [], 1)


def test_an_update_that_says_open_applies_to_an_open_invoice_too() -> None:
    """R8: what is due may have found its credit since."""
    world = World().given(grant(100), invoice(300), grant(500, "later"))
    assert world.when(update(status="open")).rows == ["application -200: later 200"]


def test_an_update_before_its_create_creates() -> None:
    """R8: it is paid like any new invoice, and the late create changes nothing."""
    world = World().given(grant(500))
    assert world.when(update(300)).rows == ["application -300: g 300"]
    late = world.when(invoice(400))
    assert (late.outcomes, late.rows, late.why) == (["applied"], [], ["already_created"])
    assert (world.invoice().amount_due, world.invoice().applied) == (300, 300)


def test_only_the_first_late_create_is_let_through() -> None:
    """R7, R8: from then on it is known what the create said."""
    world = World().given(update(300), invoice(400))
    assert world.when(invoice(400, id="same")).why == ["already_created"]
    assert world.when(invoice(500, id="other")).outcomes == ["id_conflict"]


def test_an_early_update_may_bring_a_draft() -> None:
    """R8: it takes nothing until another update opens it."""
    world = World().given(grant(500))
    assert world.when(update(300, status="draft")).why == ["not_open"]
    assert world.when(invoice(300)).why == ["already_created"]
    assert world.when(update(status="open")).rows == ["application -300: g 300"]


def test_an_early_update_without_an_amount_creates_nothing() -> None:
    """R8: nobody could say what is due; the create comes into its own."""
    world = World().given(grant(500))
    assert world.when(update(status="open")).outcomes == ["unknown_invoice"]
    assert world.when(invoice(300)).why == ["credited"]


CLOSED = [
    ("void", [invoice(300), void()], "invoice_void"),
    ("void before it came", [void()], "invoice_void"),
    ("paid", [invoice(300), paid()], "invoice_not_open"),
    ("paid before it came", [paid()], "invoice_not_open"),
]


@pytest.mark.parametrize(("before", "reason"), [c[1:] for c in CLOSED], ids=[c[0] for c in CLOSED])
def test_an_update_of_a_closed_invoice_is_refused(before: list[Message], reason: str) -> None:
    """R8, R10: void is final, and a paid invoice takes no credit."""
    world = World().given(grant(500), *before)
    balance = world.balance()
    seen = world.when(update(100), update(900), update(status="open"))
    assert (seen.outcomes, seen.rows, world.balance()) == ([reason] * 3, [], balance)


def test_what_came_back_is_there_for_the_next_invoice() -> None:
    """R9: the same credit, in the same place of the order."""
    world = World().given(grant(300), invoice(300), update(200))
    assert world.when(invoice(150, "next")).rows == ["application -100: g 100"]
