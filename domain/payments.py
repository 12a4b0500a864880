"""invoice.paid: nothing more is due, and what was applied stays."""

from dataclasses import dataclass, replace

from domain.account import Account
from domain.bill import Invoice
from domain.decision import Decision, Instants, Told, refuse
from domain.fields import Identifier
from domain.messages import Body, Message
from domain.settings import TenantSettings
from domain.vocabulary import InvoiceStatus, Refusal, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePaid(Body):
    """Says that an invoice is settled, also one that has not come yet."""

    invoice: Identifier


def decide_payment(
    account: Account, message: Message, body: InvoicePaid, at: Instants, settings: TenantSettings
) -> Decision:
    """Close the invoice (R6); remembered when it comes before the create (R8)."""
    known = account.invoices.get(body.invoice)
    if known is None:
        known = Invoice(invoice=body.invoice, amount_due=0, status=InvoiceStatus.PAID)
    if known.status is InvoiceStatus.VOID:
        return refuse(Refusal.INVOICE_VOID)
    paid = replace(known, status=InvoiceStatus.PAID)
    return Decision(told=(Told(paid, Why.NOT_OPEN),))
