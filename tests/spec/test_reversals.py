"""credit.reverse: credit that was used comes back, to where it came from."""

import pytest

from domain.messages import Message
from tests.builders import deduct, grant, invoice, void
from tests.verbs import amend, apply, capture, hold, paid, reverse, void_grant
from tests.world import World

MOST = 10**15


def two_grants() -> World:
    """Grants of 100, used in the order a, b."""
    return World().given(grant(100, "a", priority=1), grant(100, "b", priority=2))


def test_all_that_stands_on_an_invoice_comes_back() -> None:
    """R14: an entry of its own, which names what it reverses; the invoice stays open."""
    world = World().given(grant(500), invoice(300))
    seen = world.when(reverse())
    assert (seen.rows, seen.why) == (["reversal +300: g 300"], ["given_back"])
    assert seen.entries[0].reverses == (2,)
    found = world.invoice()
    assert (world.balance(), found.status, found.applied, found.due) == (500, "open", 0, 300)


def test_a_part_comes_back_newest_use_first() -> None:
    """R13: in exactly the reverse order of use."""
    world = two_grants().given(invoice(150))
    assert world.when(reverse(70)).rows == ["reversal +70: b 50, a 20"]
    assert (world.left("a", "b"), world.invoice().applied) == ([20, 100], 80)


def test_the_newest_application_comes_back_before_the_one_before() -> None:
    """R13: over all entries of the invoice, and each of them is named."""
    world = World().given(grant(100), invoice(250), grant(100, "later"), apply(100))
    seen = world.when(reverse(150))
    assert seen.rows == ["reversal +150: later 100, g 50"]
    assert seen.entries[0].reverses == (2, 4)


def test_lines_come_back_newest_first_too() -> None:
    """R13: to the line that it was used on."""
    world = World().given(grant(500)).given(invoice(lines=[("l1", None, 60), ("l2", None, 40)]))
    assert world.when(reverse(50)).rows == ["reversal +50: g/l2 40, g/l1 10"]
    assert world.when(apply()).rows == ["application -50: g/l1 10, g/l2 40"]


def test_an_entry_comes_back_alone() -> None:
    """R14: `entry` is the ledger's seq; the other application of the invoice stands."""
    world = World().given(grant(100), invoice(250), grant(100, "later"), apply(100))
    assert world.when(reverse(entry=2)).rows == ["reversal +100: g 100"]
    assert world.invoice().applied == 100


def test_a_part_of_an_entry_comes_back() -> None:
    """R13: newest first within the entry."""
    world = two_grants().given(invoice(150))
    assert world.when(reverse(60, entry=3)).rows == ["reversal +60: b 50, a 10"]


def test_a_deduction_comes_back() -> None:
    """R14: by its entry, and no invoice is told of."""
    world = two_grants().given(deduct(150))
    seen = world.when(reverse(entry=3))
    assert (seen.rows, seen.why) == (["reversal +150: b 50, a 100"], [])
    assert (seen.entries[0].reverses, world.balance()) == ((3,), 200)


def test_a_deduction_comes_back_in_parts() -> None:
    """R13, R14: each part goes on where the last one ended, until nothing is left."""
    world = two_grants().given(deduct(150))
    assert world.when(reverse(60, entry=3, id="1")).rows == ["reversal +60: b 50, a 10"]
    assert world.when(reverse(91, entry=3, id="2")).outcomes == ["exceeds_applied"]
    assert world.when(reverse(40, entry=3, id="3")).rows == ["reversal +40: a 40"]
    assert world.when(reverse(entry=3, id="4")).rows == ["reversal +50: a 50"]
    assert world.when(reverse(entry=3, id="5")).outcomes == ["already_reversed"]
    assert world.left("a", "b") == [100, 100]


def test_a_captured_hold_comes_back_by_its_entry() -> None:
    """R14: whether it was captured as a deduction or on an invoice."""
    world = World().given(grant(500), hold(100, "h1"), hold(200, "h2"), invoice(300))
    world.given(capture(hold="h1"))
    assert world.when(reverse(entry=3)).rows == ["reversal +100: g 100"]
    assert world.when(void()).rows == ["reversal +200: g 200"]
    world.given(invoice(50, "j", auto_apply=False), capture(50, "h2", invoice="j"))
    assert world.when(reverse(invoice="j", id="r")).rows == ["reversal +50: g 50"]


def test_nothing_comes_back_beyond_what_remains_applied() -> None:
    """R14: an amount is that of this reversal, not a sum over all of them."""
    world = World().given(grant(500), invoice(300), reverse(100, id="1"), reverse(100, id="2"))
    assert world.when(reverse(101)).outcomes == ["exceeds_applied"]
    assert world.when(reverse(100, id="3")).rows == ["reversal +100: g 100"]
    assert world.when(reverse(1)).outcomes == ["already_reversed"]
    assert world.balance() == 500


def test_reversals_by_invoice_and_by_entry_count_together() -> None:
    """R14: what came back one way does not come back the other way."""
    world = World().given(grant(500), invoice(300), reverse(200))
    assert world.when(reverse(101, entry=2)).outcomes == ["exceeds_applied"]
    assert world.when(reverse(entry=2)).rows == ["reversal +100: g 100"]
    assert world.when(reverse(entry=2, id="again")).outcomes == ["already_reversed"]


def test_after_a_void_there_is_nothing_left_to_reverse() -> None:
    """R10, R14: by the invoice and by its entry."""
    world = World().given(grant(500), invoice(300), void())
    assert world.when(reverse(), reverse(entry=2)).outcomes == ["already_reversed"] * 2


def test_an_invoice_without_credit_has_nothing_to_reverse() -> None:
    """R14: with nothing left, `already_reversed`, whatever the amount."""
    world = World().given(invoice(300))
    assert world.when(reverse(), reverse(1)).outcomes == ["already_reversed"] * 2


def test_a_paid_invoice_may_be_reversed() -> None:
    """R14: it stays paid, and nothing becomes due."""
    world = World().given(grant(500), invoice(300), paid())
    assert world.when(reverse(100)).rows == ["reversal +100: g 100"]
    found = world.invoice()
    assert (found.status, found.applied, found.due, world.balance()) == ("paid", 200, 0, 300)


def test_what_comes_back_after_its_expiry_expires_at_once() -> None:
    """R13: t >= expires_at; the rest of the grant waits for the run."""
    world = World().given(grant(500, expires="2026-02-01"), invoice(300)).at("2026-02-01")
    assert world.when(reverse(100)).rows == ["reversal +100: g 100", "expiry -100: g 100"]
    assert world.balance() == 200


def test_what_comes_back_to_a_void_grant_voids_at_once() -> None:
    """R13: for an invoice and for a deduction."""
    world = World().given(grant(500), invoice(300), deduct(50), void_grant())
    assert world.when(reverse(100)).rows == ["reversal +100: g 100", "void -100: g 100"]
    assert world.when(reverse(entry=3)).rows == ["reversal +50: g 50", "void -50: g 50"]
    assert (world.balance(), world.available()) == (0, 0)


def test_each_grant_takes_back_its_own() -> None:
    """R13: one reversal; then what has expired, then what is void, and the rest is free."""
    world = World().given(
        grant(10, "old", priority=1, expires="2026-02-01"),
        grant(10, "good", priority=2),
        grant(10, "void", priority=3),
    )
    world.given(invoice(25), void_grant("void")).at("2026-02-05")
    assert world.when(reverse()).rows == [
        "reversal +25: void 5, good 10, old 10",
        "expiry -10: old 10",
        "void -5: void 5",
    ]
    assert world.left("old", "good", "void") == [0, 10, 0]


def test_what_comes_back_keeps_the_terms_that_the_grant_has_now() -> None:
    """R13, R15: it is the same grant, at the place that its amended priority gives it."""
    world = two_grants().given(invoice(100), amend("a", priority=90), reverse())
    assert world.when(invoice(150, "next")).rows == ["application -150: b 100, a 50"]


def test_a_reversed_invoice_takes_no_credit_again_by_itself() -> None:
    """R14: somebody took it back on purpose; only credit.apply or an update brings more."""
    world = World().given(grant(500), invoice(300), reverse(), grant(100, "later"))
    assert (world.invoice().applied, world.invoice().due) == (0, 300)
    assert world.when(apply()).rows == ["application -300: g 300"]


def test_an_entry_that_an_earlier_message_of_the_batch_brought_can_be_named() -> None:
    """R23: in one batch as in three."""
    messages = [grant(500), deduct(300), reverse(100, entry=2)]
    assert World().when(*messages).rows[-1] == "reversal +100: g 100"
    assert World().when(*messages, cuts=[1, 2]).rows[-1] == "reversal +100: g 100"


def test_an_application_of_the_same_batch_can_be_named_too() -> None:
    """R14, R23: it comes back to its invoice."""
    messages = [grant(500), invoice(300), reverse(100, entry=2)]
    for cuts in ([], [2]):
        world = World()
        world.when(*messages, cuts=cuts)
        assert (world.invoice().applied, world.balance()) == (200, 300)


def test_what_has_come_back_is_there_once() -> None:
    """I6: within one batch as well."""
    seen = World().when(grant(100), deduct(100), reverse(entry=2), deduct(150, id="more"))
    assert seen.outcomes[-1] == "insufficient_credit"


UNKNOWN: list[tuple[str, Message, str]] = [
    ("an invoice nobody knows", reverse(invoice="nobody's"), "unknown_invoice"),
    ("an entry that is yet to come", reverse(entry=9), "unknown_entry"),
    ("a grant's entry", reverse(entry=1), "unknown_entry"),
    ("a reversal", reverse(entry=3), "unknown_entry"),
]


@pytest.mark.parametrize(
    ("message", "reason"), [u[1:] for u in UNKNOWN], ids=[u[0] for u in UNKNOWN]
)
def test_only_what_used_credit_can_be_reversed(message: Message, reason: str) -> None:
    """R14: applications and deductions of this account."""
    world = World().given(grant(500), invoice(300), reverse(100, id="first"))
    assert (world.when(message).outcomes, world.balance()) == ([reason], 300)


def test_an_entry_of_another_account_cannot_be_named() -> None:
    """I15: seqs are the account's own."""
    world = World().given(grant(500, customer="other"), deduct(300, customer="other"))
    assert world.when(reverse(entry=2)).outcomes == ["unknown_entry"]


def test_a_reversal_that_would_pass_the_highest_balance_is_refused() -> None:
    """A balance never passes 9 x 10^15, and no credit is lost by it."""
    full = [grant(MOST, f"g{number}") for number in range(9)]
    world = World().given(*full, deduct(1)).given(grant(1, "one more"))
    assert world.when(reverse(entry=10)).outcomes == ["balance_limit"]
