"""invoice.created: available credit pays a new invoice by itself."""

from domain.settings import TenantSettings
from tests.builders import grant, invoice
from tests.verbs import configure
from tests.world import World


def test_an_invoice_takes_what_it_is_due() -> None:
    """R6: never more than is due."""
    world = World().given(grant(500))
    assert world.when(invoice(300)).rows == ["application -300: g 300"]
    assert (world.balance(), world.invoice().applied, world.invoice().due) == (200, 300, 0)


def test_an_invoice_takes_what_there_is() -> None:
    """R6: never more than is usable; the rest stays due."""
    world = World().given(grant(200))
    assert world.when(invoice(300)).rows == ["application -200: g 200"]
    assert (world.balance(), world.invoice().applied, world.invoice().due) == (0, 200, 100)


def test_a_fully_credited_invoice_stays_open() -> None:
    """R6: it stays open until invoice.paid."""
    assert World().given(grant(500), invoice(300)).invoice().status == "open"


def test_an_invoice_without_credit_is_recorded_and_told_of() -> None:
    """An invoice that takes nothing leaves no entry, and an event that says why."""
    world = World()
    seen = world.when(invoice(300))
    assert (seen.outcomes, seen.rows, seen.why) == (["applied"], [], ["no_credit"])
    assert world.invoice().due == 300


def test_an_invoice_of_nothing_takes_nothing() -> None:
    """amount_due may be 0."""
    seen = World().given(grant(500)).when(invoice(0))
    assert (seen.outcomes, seen.rows, seen.why) == (["applied"], [], ["nothing_due"])


def test_a_later_grant_does_not_pay_an_earlier_invoice() -> None:
    """R11: paying open invoices by later grants is off by default."""
    world = World().given(invoice(300), grant(500))
    assert (world.balance(), world.invoice().applied) == (500, 0)


def test_a_draft_or_an_invoice_under_payment_takes_no_credit() -> None:
    """R8: only an open invoice takes credit."""
    world = World().given(grant(500))
    seen = world.when(
        invoice(300, "i1", status="draft"), invoice(300, "i2", status="payment_pending")
    )
    assert (seen.rows, seen.why) == ([], ["not_open", "not_open"])
    assert world.invoice("i1").status == "draft"


def test_an_invoice_under_a_new_message_id_changes_nothing_when_it_says_the_same() -> None:
    """R7: applied, and the event says that it had been created already, and how it stands."""
    world = World().given(grant(500), invoice(300))
    again = world.when(invoice(300, id="another"))
    assert (again.outcomes, again.rows, again.why) == (["applied"], [], ["already_created"])
    assert again.told("invoice.credited")[0]["applied"] == 300
    assert world.balance() == 200


def test_an_invoice_under_a_new_message_id_is_refused_when_it_says_something_else() -> None:
    """R7: the same invoice id with other data is an id conflict."""
    world = World().given(grant(500), invoice(300))
    assert world.when(invoice(301, id="another")).outcomes == ["id_conflict"]
    assert world.when(invoice(300, auto_apply=False, id="a third")).outcomes == ["id_conflict"]
    assert (world.balance(), world.invoice().amount_due) == (200, 300)


def test_auto_apply_is_on_by_default() -> None:
    """R5: nobody has to ask."""
    assert World().given(grant(500)).when(invoice(300)).why == ["credited"]


def test_auto_apply_may_be_switched_off_by_the_tenant_the_account_or_the_invoice() -> None:
    """R5: invoice over account over tenant."""
    cases = [  # tenant, account, invoice, what is applied
        (True, None, None, 300),
        (False, None, None, 0),
        (False, True, None, 300),
        (True, False, None, 0),
        (True, False, True, 300),
        (False, True, False, 0),
        (False, None, True, 300),
        (True, None, False, 0),
    ]
    for tenant, account, own, applied in cases:
        world = World(TenantSettings(auto_apply=tenant)).given(grant(500))
        world.given(configure(auto_apply=account))
        seen = world.when(invoice(300, auto_apply=own))
        assert world.invoice().applied == applied, (tenant, account, own)
        assert seen.why == ["credited" if applied else "auto_apply_off"]
