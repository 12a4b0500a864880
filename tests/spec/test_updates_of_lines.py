"""invoice.updated, on invoices with lines: whose surplus goes back, and what takes more."""

from tests.builders import grant, invoice
from tests.verbs import update
from tests.world import World


def test_a_shrunk_line_gives_back_its_own_surplus() -> None:
    """R9: not the newest use, but that of the line that has shrunk."""
    world = World().given(grant(100, "a", priority=1), grant(100, "b", priority=2))
    world.given(invoice(lines=[("l1", None, 100), ("l2", None, 100)]))
    seen = world.when(update(lines=[("l1", None, 40), ("l2", None, 100)]))
    assert seen.rows == ["reversal +60: a/l1 60"]
    assert world.left("a", "b") == [60, 0]


def test_a_shrunk_line_comes_before_the_rest_of_the_surplus() -> None:
    """R9: a discount that grows takes the newest use, after the shrunk line's own."""
    world = World().given(grant(100, "a", priority=1), grant(100, "b", priority=2))
    world.given(invoice(lines=[("l1", None, 100), ("l2", None, 100)]))
    lines = [("l1", None, 70), ("l2", None, 100), ("discount", None, -20)]
    assert world.when(update(lines=lines)).rows == ["reversal +50: a/l1 30, b/l2 20"]
    assert world.invoice().due == 0


def test_a_line_that_is_gone_gives_all_of_its_credit_back() -> None:
    """R9: it has shrunk to nothing; the grants of the other line are left alone."""
    world = World().given(grant(100, "web", scope=["web"]), grant(100, "api", scope=["api"]))
    world.given(invoice(lines=[("l1", "web", 100), ("l2", "api", 100)]))
    assert world.when(update(lines=[("l2", "api", 100)])).rows == ["reversal +100: web/l1 100"]


def test_a_line_that_has_grown_takes_only_what_may_pay_it() -> None:
    """R4, R9: the scope counts for what is added too."""
    world = World().given(grant(500, "web", scope=["web"]), grant(500, "api", scope=["api"]))
    world.given(invoice(lines=[("l1", "web", 100), ("l2", "api", 100)]))
    seen = world.when(update(lines=[("l1", "web", 100), ("l2", "api", 130)]))
    assert seen.rows == ["application -30: api/l2 30"]


def test_a_line_that_is_new_is_paid() -> None:
    """R9: a larger amount, whichever line it stands on."""
    world = World().given(grant(500)).given(invoice(lines=[("l1", None, 100)]))
    seen = world.when(update(lines=[("l1", None, 100), ("l2", None, 50)]))
    assert seen.rows == ["application -50: g/l2 50"]


def test_a_larger_amount_takes_more_although_one_of_its_lines_has_shrunk() -> None:
    """R9: the shrunk line's own goes back, and the larger amount takes up to all that is due."""
    world = World().given(grant(100, "a", priority=1), grant(500, "b", priority=2))
    world.given(invoice(lines=[("l1", None, 100), ("l2", None, 100)]))
    world.when(update(lines=[("l1", None, 50), ("l2", None, 200)]))
    assert (world.invoice().applied, world.invoice().due, world.balance()) == (250, 0, 350)


def test_several_shrunk_lines_give_back_newest_use_first() -> None:
    """R9, R13: each no more than its own surplus."""
    world = World().given(grant(150, "a", priority=1), grant(150, "b", priority=2))
    world.given(invoice(lines=[("l1", None, 100), ("l2", None, 100), ("l3", None, 100)]))
    seen = world.when(update(lines=[("l1", None, 90), ("l2", None, 20), ("l3", None, 100)]))
    assert seen.rows == ["reversal +90: b/l2 50, a/l2 30, a/l1 10"]


def test_lines_may_change_places_of_their_amounts() -> None:
    """R9: the amount is neither smaller nor larger, so what one line gives no other takes."""
    world = World().given(grant(200)).given(invoice(lines=[("l1", None, 100), ("l2", None, 100)]))
    seen = world.when(update(lines=[("l1", None, 60), ("l2", None, 140)]))
    assert (seen.rows, seen.why) == (["reversal +40: g/l1 40"], ["given_back"])
    assert world.when(update(status="open")).rows == ["application -40: g/l2 40"]


def test_an_invoice_without_lines_may_get_some() -> None:
    """R9: what was used for no line in particular is of the whole, and stays."""
    world = World().given(grant(500), invoice(200))
    seen = world.when(update(lines=[("l1", None, 200), ("l2", None, 100)]))
    assert sum(entry.amount for entry in seen.entries) == -100
    assert (world.invoice().applied, world.invoice().due) == (300, 0)


def test_an_invoice_may_lose_its_lines() -> None:
    """R9: the surplus of the whole goes back, the newest use first."""
    world = World().given(grant(200)).given(invoice(lines=[("l1", None, 100), ("l2", None, 100)]))
    assert world.when(update(150)).rows == ["reversal +50: g/l2 50"]
    assert world.invoice().lines == ()
