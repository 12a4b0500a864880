"""R4: a grant with a scope pays only what is in it; invoices are paid line by line."""

from tests.builders import deduct, grant, invoice
from tests.world import World


def test_a_scoped_grant_pays_only_the_lines_in_its_scope() -> None:
    """R4: the other lines stay due."""
    world = World().given(grant(500, scope=["api"]))
    seen = world.when(invoice(lines=[("l1", "web", 200), ("l2", "api", 100)]))
    assert (seen.rows, world.invoice().due) == (["application -100: g/l2 100"], 200)


def test_an_unscoped_grant_pays_every_line() -> None:
    """R4: lines with and without a product."""
    world = World().given(grant(500))
    seen = world.when(invoice(lines=[("l1", "web", 200), ("l2", None, 100)]))
    assert seen.rows == ["application -300: g/l1 200, g/l2 100"]


def test_a_scoped_grant_pays_no_line_without_a_product() -> None:
    """R4: only lines whose product is in the scope."""
    world = World().given(grant(500, scope=["api"]))
    assert world.when(invoice(lines=[("l1", None, 200)])).why == ["no_credit"]


def test_an_invoice_without_lines_draws_on_unscoped_grants_only() -> None:
    """R4: nobody knows what it is for."""
    world = World().given(grant(100, "scoped", scope=["api"], priority=1), grant(100, "open"))
    assert world.when(invoice(150)).rows == ["application -100: open 100"]


def test_each_grant_in_order_pays_the_lines_in_order() -> None:
    """R1: the first grant pays l1 and part of l2, the second goes on from there."""
    world = World().given(grant(150, "a", priority=1), grant(200, "b", priority=2))
    seen = world.when(invoice(lines=[("l1", None, 100), ("l2", None, 100), ("l3", None, 100)]))
    assert seen.rows == ["application -300: a/l1 100, a/l2 50, b/l2 50, b/l3 100"]


def test_lines_are_paid_in_the_order_of_the_invoice_and_not_of_their_ids() -> None:
    """R1: line order."""
    world = World().given(grant(120))
    seen = world.when(invoice(lines=[("z", None, 100), ("a", None, 100)]))
    assert seen.rows == ["application -120: g/z 100, g/a 20"]


def test_an_earlier_unscoped_grant_may_leave_a_scoped_one_unused() -> None:
    """R1 before thrift: the order alone decides, and nobody looks ahead."""
    world = World().given(
        grant(100, "any", priority=1), grant(100, "api", scope=["api"], priority=2)
    )
    seen = world.when(invoice(lines=[("l1", "api", 100), ("l2", "web", 100)]))
    assert (seen.rows, world.left("any", "api")) == (["application -100: any/l1 100"], [0, 100])


def test_a_discount_line_takes_no_credit_and_lowers_what_is_due() -> None:
    """Negative lines are discounts: 300 less 100 leaves 200, paid from the first line on."""
    world = World().given(grant(500))
    lines = [("l1", None, 150), ("discount", None, -100), ("l2", None, 150)]
    assert world.when(invoice(lines=lines)).rows == ["application -200: g/l1 150, g/l2 50"]
    assert world.invoice().due == 0


def test_a_discount_counts_across_grants() -> None:
    """R6: all grants together pay what is due, which is less than the lines to be paid."""
    world = World().given(grant(180, "a", priority=1), grant(180, "b", priority=2))
    lines = [("l1", None, 150), ("discount", None, -100), ("l2", None, 150)]
    seen = world.when(invoice(lines=lines))
    assert seen.rows == ["application -200: a/l1 150, a/l2 30, b/l2 20"]


def test_a_line_of_nothing_is_left_alone() -> None:
    """There is no allocation of nothing."""
    world = World().given(grant(500))
    seen = world.when(invoice(lines=[("l1", None, 0), ("l2", None, 100)]))
    assert seen.rows == ["application -100: g/l2 100"]


def test_a_deduction_without_a_product_draws_on_unscoped_grants_only() -> None:
    """R4: nobody knows what it is for."""
    world = World().given(grant(100, "scoped", scope=["api"], priority=1), grant(100, "open"))
    assert world.when(deduct(100, id="d1")).rows == ["deduction -100: open 100"]
    assert world.when(deduct(1, id="d2")).outcomes == ["insufficient_credit"]


def test_a_deduction_with_a_product_may_use_grants_for_it() -> None:
    """R4: and unscoped ones after them, if that is the order."""
    world = World().given(
        grant(100, "web", scope=["web"], priority=0),
        grant(100, "api", scope=["web", "api"], priority=1),
        grant(100, "open", priority=2),
    )
    assert world.when(deduct(150, product="api")).rows == ["deduction -150: api 100, open 50"]


def test_a_deduction_that_names_a_scoped_grant_needs_no_product() -> None:
    """R4: naming the grant says what it is for."""
    world = World().given(grant(100, scope=["api"]))
    assert world.when(deduct(40, "g")).rows == ["deduction -40: g 40"]


def test_a_deduction_for_a_product_outside_the_named_grants_scope_is_refused() -> None:
    """R4: what is said of the product counts."""
    world = World().given(grant(100, scope=["api"]))
    assert world.when(deduct(40, "g", product="web")).outcomes == ["insufficient_credit"]
