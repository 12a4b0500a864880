"""invoice.voided gives everything back and is final."""

from tests.builders import deduct, grant, invoice, void
from tests.world import World


def test_a_void_gives_everything_back() -> None:
    """R10: the credit returns, and nothing is due any more."""
    world = World().given(grant(500), invoice(300))
    seen = world.when(void())
    assert (seen.rows, seen.why) == (["reversal +300: g 300"], ["voided"])
    found = world.invoice()
    assert (world.balance(), found.status, found.applied, found.due) == (500, "void", 0, 0)


def test_a_void_names_the_entry_that_it_reverses() -> None:
    """R14: the application was the second entry of the account."""
    world = World().given(grant(500), invoice(300))
    assert world.when(void()).entries[0].reverses == (2,)


def test_a_void_gives_back_in_the_reverse_order_of_use() -> None:
    """R13: what was used last returns first, to the grant and line it came from."""
    world = World().given(grant(100, "a", priority=1), grant(100, "b", priority=2))
    lines = [("l1", None, 70), ("l2", None, 80)]
    used = world.when(invoice(lines=lines))
    assert used.rows == ["application -150: a/l1 70, a/l2 30, b/l2 50"]
    assert world.when(void()).rows == ["reversal +150: b/l2 50, a/l2 30, a/l1 70"]
    assert world.left("a", "b") == [100, 100]


def test_a_void_of_a_void_invoice_changes_nothing() -> None:
    """R10: again is applied, and nothing happens."""
    world = World().given(grant(500), invoice(300), void())
    again = world.when(void(id="another"))
    assert (again.outcomes, again.rows, again.why) == (["applied"], [], ["voided"])
    assert world.balance() == 500


def test_a_void_before_its_invoice_is_remembered() -> None:
    """R8: the late create is recorded and takes nothing."""
    world = World().given(grant(500))
    early = world.when(void())
    assert (early.outcomes, early.why) == (["applied"], ["voided"])
    late = world.when(invoice(300))
    assert (late.outcomes, late.rows, late.why) == (["applied"], [], ["voided"])
    found = world.invoice()
    assert (found.status, found.amount_due, found.applied, found.due) == ("void", 300, 0, 0)


def test_a_void_invoice_is_not_created_again() -> None:
    """R7, R10: the same create changes nothing, another one is a conflict."""
    world = World().given(grant(500), invoice(300), void())
    assert world.when(invoice(300, id="same")).why == ["already_created"]
    assert world.when(invoice(400, id="other")).outcomes == ["id_conflict"]
    assert (world.balance(), world.invoice().status) == (500, "void")


def test_a_void_of_an_invoice_without_credit_leaves_no_entry() -> None:
    """There is no entry of nothing."""
    seen = World().given(invoice(300)).when(void())
    assert (seen.rows, seen.why) == ([], ["voided"])


def test_returned_credit_can_be_used_again() -> None:
    """R13: it is the same credit, in the same place of the order."""
    world = World().given(grant(100, "a", priority=1), grant(100, "b", priority=2))
    world.given(invoice(150), void())
    assert world.when(deduct(120)).rows == ["deduction -120: a 100, b 20"]


def test_what_returns_to_an_expired_grant_expires_at_once() -> None:
    """R13: two entries of one message, for exactly the part that cannot be used any more."""
    world = World().given(grant(100, "old", expires="2026-02-01"), grant(100, "new"))
    world.given(invoice(150))
    seen = world.at("2026-02-03").when(void())
    assert seen.rows == ["reversal +150: new 50, old 100", "expiry -100: old 100"]
    assert world.left("old", "new") == [0, 100]
    assert len({entry.cause for entry in seen.entries}) == 1


def test_the_instant_of_expiry_itself_is_too_late_to_come_back() -> None:
    """R13: t >= expires_at."""
    world = World().given(grant(100, expires="2026-02-01"), invoice(60)).at("2026-02-01")
    assert world.when(void()).rows == ["reversal +60: g 60", "expiry -60: g 60"]


def test_a_void_that_would_pass_the_highest_balance_is_refused() -> None:
    """A balance never passes 9 x 10^15, and no credit is lost by it."""
    most = 10**15
    first = [grant(most, f"g{number}") for number in range(9)]
    world = World().given(*first, invoice(most)).given(grant(most, "g9"))
    assert world.when(void()).outcomes == ["balance_limit"]
    assert (world.balance(), world.invoice().status) == (9 * most, "open")
    world.given(deduct(most))
    assert world.when(void(id="once more")).outcomes == ["applied"]
