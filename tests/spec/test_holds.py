"""credit.hold, credit.capture, credit.release: credit set aside, then used or let go."""

import pytest

from domain.messages import Message
from tests.builders import deduct, grant, invoice, void
from tests.verbs import apply, capture, hold, paid, release, reverse
from tests.world import World


def test_a_hold_lowers_available_and_not_the_balance() -> None:
    """R17: no entry and no event, because nothing in the ledger has moved."""
    world = World().given(grant(500))
    seen = world.when(hold(200))
    assert (seen.outcomes, seen.rows, seen.events) == (["applied"], [], [])
    assert (world.balance(), world.available()) == (500, 300)


def test_held_credit_is_nobody_elses() -> None:
    """R2, R17: an invoice takes the rest, and a deduction of more is refused."""
    world = World().given(grant(500), hold(200), invoice(400))
    assert (world.invoice().applied, world.available()) == (300, 0)
    assert world.when(deduct(1), deduct(1, "g", id="named")).outcomes == ["insufficient_credit"] * 2


def test_a_hold_is_made_whole_or_not_at_all() -> None:
    """R17: it reserves at once."""
    world = World().given(grant(500), hold(300))
    assert world.when(hold(201, "second")).outcomes == ["insufficient_credit"]
    assert world.when(hold(200, "third")).outcomes == ["applied"]


def test_a_hold_reserves_lots_in_the_order_of_use() -> None:
    """R1, R17: what comes later in the order stays free for others."""
    world = World().given(grant(100, "b", priority=2), grant(100, "a", priority=1), hold(150))
    assert world.when(deduct(50)).rows == ["deduction -50: b 50"]
    assert world.when(capture()).rows == ["deduction -150: a 100, b 50"]


def test_a_hold_keeps_its_lots_when_better_ones_come() -> None:
    """R17: they were reserved when it was made."""
    world = World().given(grant(100, "a"), hold(100), grant(100, "first", priority=0))
    assert world.when(capture()).rows == ["deduction -100: a 100"]


def test_a_hold_reserves_no_scoped_credit() -> None:
    """R4: it does not say what it is for."""
    world = World().given(grant(500, scope=["api"]))
    assert world.when(hold(1)).outcomes == ["insufficient_credit"]


def test_a_hold_reserves_only_what_is_usable() -> None:
    """R2: neither pending nor expired credit."""
    world = World().given(
        grant(100, "old", expires="2026-02-01"), grant(100, "new", effective="2026-03-01")
    )
    assert world.at("2026-02-01").when(hold(1)).outcomes == ["insufficient_credit"]


def test_a_capture_turns_all_of_the_hold_into_a_deduction() -> None:
    """R17: the balance goes down now; available has gone down before."""
    world = World().given(grant(500), hold(200))
    assert world.when(capture()).rows == ["deduction -200: g 200"]
    assert (world.balance(), world.available()) == (300, 300)


def test_what_is_not_captured_is_free_again() -> None:
    """R17: a capture ends the hold."""
    world = World().given(grant(500), hold(200))
    assert world.when(capture(50)).rows == ["deduction -50: g 50"]
    assert (world.balance(), world.available()) == (450, 450)
    assert world.when(capture(50, id="more")).outcomes == ["already_released"]


def test_a_part_is_captured_in_the_order_in_which_it_was_reserved() -> None:
    """R1, R17: and the rest of the lots is free."""
    world = World().given(grant(100, "a", priority=1), grant(100, "b", priority=2), hold(200))
    assert world.when(capture(120)).rows == ["deduction -120: a 100, b 20"]
    assert (world.left("a", "b"), world.available()) == ([0, 80], 80)


def test_no_more_is_captured_than_was_reserved() -> None:
    """R17: also when there is free credit beside the hold, which stands as it was."""
    world = World().given(grant(500), hold(200))
    assert world.when(capture(201)).outcomes == ["insufficient_credit"]
    assert world.when(capture(200, id="less")).outcomes == ["applied"]


def test_a_hold_is_captured_on_an_invoice() -> None:
    """R17: as an application, which is told of and comes back like any other."""
    world = World().given(grant(500), hold(500), invoice(300))
    seen = world.when(capture(300, invoice="i"))
    assert (seen.rows, seen.why) == (["application -300: g 300"], ["credited"])
    assert (world.invoice().due, world.balance(), world.available()) == (0, 200, 200)
    assert world.when(void()).rows == ["reversal +300: g 300"]


def test_a_hold_is_captured_on_the_lines_of_an_invoice() -> None:
    """R1, R17: in line order, on what is not paid yet."""
    world = World().given(grant(100), hold(50))
    world.given(invoice(lines=[("l1", None, 60), ("l2", None, 60)]))
    assert world.when(capture(30, invoice="i")).rows == ["application -30: g/l1 10, g/l2 20"]


CLOSED = [
    ("not known", [], "unknown_invoice"),
    ("void", [invoice(0), void()], "invoice_void"),
    ("paid", [invoice(0), paid()], "invoice_not_open"),
    ("a draft", [invoice(100, status="draft")], "invoice_not_open"),
    ("less due", [invoice(100, auto_apply=False)], "exceeds_due"),
]


@pytest.mark.parametrize(("before", "reason"), [c[1:] for c in CLOSED], ids=[c[0] for c in CLOSED])
def test_a_capture_on_an_invoice_that_cannot_take_it_is_refused(
    before: list[Message], reason: str
) -> None:
    """R6, R8: the hold stands as it was, and may be captured otherwise."""
    world = World().given(grant(500), hold(200), *before)
    assert world.when(capture(200, invoice="i")).outcomes == [reason]
    assert (world.balance(), world.available()) == (500, 300)
    assert world.when(capture(id="otherwise")).outcomes == ["applied"]


def test_without_an_amount_a_capture_takes_what_the_invoice_is_due() -> None:
    """R6, R17: at most what is held; the rest of the hold is free again."""
    world = World().given(grant(500), hold(200), invoice(150, auto_apply=False))
    assert world.when(capture(invoice="i")).rows == ["application -150: g 150"]
    assert (world.available(), world.when(release()).outcomes) == (350, ["already_released"])


def test_a_capture_on_an_invoice_of_which_nothing_is_due_ends_the_hold() -> None:
    """R6, R17: told so, and without an entry."""
    world = World().given(grant(500), invoice(300), hold(200))
    seen = world.when(capture(invoice="i"))
    assert (seen.outcomes, seen.rows, seen.why) == (["applied"], [], ["nothing_due"])
    assert (world.balance(), world.available()) == (200, 200)


def test_a_released_hold_reserves_nothing() -> None:
    """R17: all of it is free again, and there is no entry."""
    world = World().given(grant(500), hold(200))
    seen = world.when(release())
    assert (seen.outcomes, seen.rows) == (["applied"], [])
    assert (world.balance(), world.available()) == (500, 500)


@pytest.mark.parametrize("end", [release(id="end"), capture(id="end")], ids=["release", "capture"])
def test_a_hold_ends_once(end: Message) -> None:
    """R17: after its end, `already_released`, whichever way it ended."""
    world = World().given(grant(500), hold(200), end)
    seen = world.when(capture(), capture(10, id="a part"), release())
    assert (seen.outcomes, seen.rows) == (["already_released"] * 3, [])


def test_a_hold_nobody_knows_cannot_be_used() -> None:
    """R21: over unknown_invoice in the list, which is told first."""
    world = World().given(grant(500))
    assert world.when(capture(), release()).outcomes == ["unknown_hold"] * 2
    assert world.when(capture(id="both", invoice="nobody's")).outcomes == ["unknown_invoice"]


def test_a_hold_under_a_new_message_id_changes_nothing_when_it_says_the_same() -> None:
    """R7: hold ids count once, also after the hold has ended."""
    world = World().given(grant(500), hold(200))
    again = world.when(hold(200, id="again"), hold(300, id="other"))
    assert again.outcomes == ["applied", "id_conflict"]
    assert world.available() == 300
    world.given(release())
    assert world.when(hold(200, id="a third")).outcomes == ["applied"]
    assert world.available() == 500


def test_a_captured_hold_comes_back_like_any_use() -> None:
    """R13, R14: to the grants it came from, and not to the hold."""
    world = World().given(grant(500), hold(200), capture())
    assert world.when(reverse(entry=2)).rows == ["reversal +200: g 200"]
    assert (world.available(), world.when(capture(id="again")).outcomes) == (
        500,
        ["already_released"],
    )


def test_the_rest_of_a_hold_may_pay_an_invoice() -> None:
    """R12: it is free credit again."""
    world = World().given(grant(500), hold(500), invoice(300), capture(100))
    assert world.when(apply(300)).outcomes == ["applied"]
