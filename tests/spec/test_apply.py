"""credit.apply: a person or system pays an existing invoice with credit."""

import pytest

from domain.messages import Message
from domain.settings import TenantSettings
from tests.builders import deduct, grant, invoice, void
from tests.verbs import apply, hold, paid, update
from tests.world import World


def unpaid(*grants: Message, due: int = 300) -> World:
    """An open invoice that took nothing by itself, and then grants."""
    return World().given(invoice(due, auto_apply=False), *grants)


def test_credit_is_applied_by_hand() -> None:
    """R12: the balance and the invoice change in one entry."""
    world = unpaid(grant(500))
    seen = world.when(apply(200))
    assert (seen.rows, seen.why) == (["application -200: g 200"], ["credited"])
    assert (world.balance(), world.invoice().applied, world.invoice().due) == (300, 200, 100)


def test_auto_apply_does_not_stand_in_the_way() -> None:
    """R5: that is about what happens by itself."""
    world = World(TenantSettings(auto_apply=False)).given(grant(500), invoice(300))
    assert world.when(apply(300)).outcomes == ["applied"]


def test_an_amount_is_applied_whole_or_not_at_all() -> None:
    """R12: nothing is done by halves."""
    world = unpaid(grant(199))
    seen = world.when(apply(200))
    assert (seen.outcomes, seen.rows, world.balance()) == (["insufficient_credit"], [], 199)


def test_an_amount_above_what_is_due_is_refused() -> None:
    """R12, I7: what is due already counts what was applied before."""
    world = unpaid(grant(500)).given(apply(200))
    assert world.when(apply(101)).outcomes == ["exceeds_due"]
    assert world.when(apply(100)).outcomes == ["applied"]


def test_without_an_amount_it_takes_what_it_can() -> None:
    """R12: up to all that is due, or to all there is."""
    assert unpaid(grant(200)).when(apply()).rows == ["application -200: g 200"]
    assert unpaid(grant(500)).when(apply()).rows == ["application -300: g 300"]


def test_without_an_amount_it_may_take_nothing() -> None:
    """R12: applied, and told why there was nothing to take or to pay."""
    none = World().given(invoice(300)).when(apply())
    assert (none.outcomes, none.rows, none.why) == (["applied"], [], ["no_credit"])
    covered = World().given(grant(500), invoice(300)).when(apply())
    assert (covered.outcomes, covered.rows, covered.why) == (["applied"], [], ["nothing_due"])


def test_grants_are_applied_in_the_order_of_use() -> None:
    """R1: as for an invoice that pays itself."""
    world = unpaid(grant(100, "b", priority=2), grant(100, "a", priority=1))
    assert world.when(apply(150)).rows == ["application -150: a 100, b 50"]


def test_a_named_grant_pays_alone() -> None:
    """R12: the others do not help out."""
    world = unpaid(grant(100, "a", priority=1), grant(100, "b", priority=2))
    assert world.when(apply(60, grant="b")).rows == ["application -60: b 60"]
    assert world.when(apply(50, grant="b")).outcomes == ["insufficient_credit"]
    assert world.when(apply(grant="b")).rows == ["application -40: b 40"]


def test_a_named_grant_may_pay_an_invoice_without_lines_whatever_its_scope() -> None:
    """R4: naming it says what the invoice is for."""
    world = unpaid(grant(500, scope=["api"]))
    assert world.when(apply(100)).outcomes == ["insufficient_credit"]
    assert world.when(apply(100, grant="g", id="named")).rows == ["application -100: g 100"]


def test_a_named_grant_pays_only_the_lines_in_its_scope() -> None:
    """R4: where the lines say what they are for, they count."""
    world = World().given(invoice(lines=[("l1", "web", 100), ("l2", "api", 100)]))
    world.given(grant(500, scope=["api"]))
    assert world.when(apply(150, grant="g")).outcomes == ["insufficient_credit"]
    assert world.when(apply(grant="g")).rows == ["application -100: g/l2 100"]


def test_a_named_grant_with_a_scope_pays_no_line_without_a_product() -> None:
    """R4: a line that does not say what it is for is not in any scope."""
    world = World().given(invoice(lines=[("l1", None, 100)]), grant(500, scope=["api"]))
    assert world.when(apply(grant="g")).why == ["no_credit"]


def test_lines_that_stand_paid_are_not_paid_again() -> None:
    """R1: it goes on where the last application ended."""
    world = World().given(grant(150), invoice(lines=[("l1", None, 100), ("l2", None, 100)]))
    world.given(grant(100, "more"))
    assert world.when(apply()).rows == ["application -50: more/l2 50"]


def test_reserved_credit_is_not_applied() -> None:
    """R2, R17: only the part that no hold reserves."""
    world = unpaid(grant(300), hold(200))
    assert world.when(apply(101)).outcomes == ["insufficient_credit"]
    assert world.when(apply(grant="g")).rows == ["application -100: g 100"]


def test_credit_is_applied_as_of_the_messages_own_time() -> None:
    """R3: a late message may use what was good at its time."""
    world = unpaid(grant(500, expires="2026-01-15T13:00")).at("2026-01-15T13:30")
    assert world.when(apply(100)).outcomes == ["insufficient_credit"]
    assert world.when(apply(100, at="2026-01-15T12:50", id="late")).outcomes == ["applied"]


CLOSED = [
    ("draft", [invoice(300, status="draft")], "invoice_not_open"),
    ("under payment", [invoice(300), update(status="payment_pending")], "invoice_not_open"),
    ("paid", [invoice(300), paid()], "invoice_not_open"),
    ("paid before it came", [paid()], "invoice_not_open"),
    ("void", [invoice(300), void()], "invoice_void"),
    ("void before it came", [void()], "invoice_void"),
    ("not known", [], "unknown_invoice"),
]


@pytest.mark.parametrize(("before", "reason"), [c[1:] for c in CLOSED], ids=[c[0] for c in CLOSED])
def test_only_an_open_invoice_takes_credit(before: list[Message], reason: str) -> None:
    """R8: with an amount and without."""
    world = World().given(*before, grant(500))
    assert world.when(apply(100), apply()).outcomes == [reason] * 2
    assert world.balance() == 500


PRECEDENCE: list[tuple[list[Message], Message, str]] = [
    ([], apply(1, grant="nobody's"), "unknown_grant"),
    ([grant(500), invoice(0), void()], apply(1), "invoice_void"),
    ([grant(500), invoice(0), paid()], apply(1), "invoice_not_open"),
    ([invoice(300)], apply(301), "exceeds_due"),
]


@pytest.mark.parametrize(
    ("before", "message", "reason"), PRECEDENCE, ids=[p[2] for p in PRECEDENCE]
)
def test_the_first_reason_of_the_list_is_given(
    before: list[Message], message: Message, reason: str
) -> None:
    """R21: over unknown_invoice, exceeds_due, exceeds_due, insufficient_credit."""
    assert World().given(*before).when(message).outcomes == [reason]


def test_a_grant_that_cannot_be_used_leaves_nothing_to_apply() -> None:
    """R2: expired, pending or empty, it is known and has nothing to give."""
    world = unpaid(
        grant(100, "old", expires="2026-01-20"), grant(100, "new", effective="2026-03-01")
    )
    world.given(grant(100, "used"), deduct(100, "used")).at("2026-02-01")
    for name in ("old", "new", "used"):
        assert world.when(apply(1, grant=name, id=name)).outcomes == ["insufficient_credit"]
        assert world.when(apply(grant=name, id=f"any-{name}")).why == ["no_credit"]
