"""invoice.paid closes an invoice; what was applied stays."""

from tests.builders import grant, invoice, void
from tests.verbs import apply, configure_tenant, paid
from tests.world import World


def test_a_paid_invoice_keeps_its_credit_and_owes_nothing() -> None:
    """R6, R19: it was open until now; a paid invoice has due 0."""
    world = World().given(grant(200), invoice(300))
    seen = world.when(paid())
    assert (seen.outcomes, seen.rows) == (["applied"], [])
    found = world.invoice()
    assert (found.status, found.applied, found.due, world.balance()) == ("paid", 200, 0, 0)


def test_a_payment_is_told() -> None:
    """invoice.credited follows every accepted invoice message."""
    (data,) = World().given(grant(200), invoice(300)).when(paid()).told("invoice.credited")
    assert (data["amount_due"], data["applied"], data["due"]) == (300, 200, 0)
    assert data["why"] == "not_open"


def test_a_paid_invoice_takes_no_credit() -> None:
    """R8: neither by hand nor by a grant that pays open invoices."""
    world = World().given(configure_tenant({"apply_to_open_invoices": True}))
    world.given(invoice(300), paid())
    assert world.when(grant(500)).rows == ["grant +500: g 500"]
    assert world.when(apply(100)).outcomes == ["invoice_not_open"]


def test_a_payment_before_its_invoice_is_remembered() -> None:
    """R8: the late create is recorded, and applies nothing."""
    world = World().given(grant(500))
    assert world.when(paid()).outcomes == ["applied"]
    late = world.when(invoice(300))
    assert (late.outcomes, late.rows, late.why) == (["applied"], [], ["not_open"])
    found = world.invoice()
    assert (found.status, found.amount_due, found.applied, found.due) == ("paid", 300, 0, 0)


def test_a_payment_may_come_twice() -> None:
    """R8: the second says what is known."""
    world = World().given(grant(200), invoice(300), paid())
    again = world.when(paid(id="again"))
    assert (again.outcomes, again.rows) == (["applied"], [])
    assert (world.invoice().status, world.invoice().applied) == ("paid", 200)


def test_a_draft_may_be_paid_too() -> None:
    """R8: whatever it was before, it takes no credit from now on."""
    world = World().given(grant(500), invoice(300, status="draft"), paid())
    assert (world.invoice().status, world.invoice().applied) == ("paid", 0)


def test_a_paid_invoice_may_be_voided() -> None:
    """R10: void gives everything back, also on a paid invoice."""
    world = World().given(grant(500), invoice(300), paid())
    assert world.when(void()).rows == ["reversal +300: g 300"]
    assert (world.balance(), world.invoice().status) == (500, "void")


def test_a_void_invoice_cannot_be_paid() -> None:
    """R10: void is final, also when neither has seen its create."""
    world = World().given(grant(500), invoice(300), void(), void("early"))
    assert world.when(paid(), paid("early")).outcomes == ["invoice_void"] * 2
    assert world.invoice().status == "void"
    assert world.when(invoice(300, "early")).why == ["voided"]
