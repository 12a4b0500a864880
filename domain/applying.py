"""credit.apply: a person or system pays an existing invoice with credit."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from domain.account import Account
from domain.credit import Grant
from domain.decision import Decision, Instants, Told, drafted, refuse
from domain.fields import Amount, Identifier
from domain.messages import Body, Message
from domain.settings import TenantSettings
from domain.spending import named, spend, total
from domain.vocabulary import InvoiceStatus, Kind, Refusal, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyCredit(Body):
    """Asks for credit on an invoice, whatever its auto_apply says; from one grant, or in order."""

    ASKED: ClassVar[tuple[str, ...]] = ("amount", "grant")

    invoice: Identifier
    amount: Amount | None = None
    grant: Identifier | None = None


def decide_apply(
    account: Account, message: Message, body: ApplyCredit, at: Instants, settings: TenantSettings
) -> Decision:
    """With an amount all of it or nothing, without one as much as there is (R12)."""
    if body.grant is not None and body.grant not in account.grants:
        return refuse(Refusal.UNKNOWN_GRANT)
    invoice = account.invoices.get(body.invoice)
    if invoice is None:
        return refuse(Refusal.UNKNOWN_INVOICE)
    if invoice.status is InvoiceStatus.VOID:
        return refuse(Refusal.INVOICE_VOID)
    if invoice.status is not InvoiceStatus.OPEN:
        return refuse(Refusal.INVOICE_NOT_OPEN)
    if body.amount is not None and body.amount > invoice.due:
        return refuse(Refusal.EXCEEDS_DUE)
    grants: Iterable[Grant] = account.in_order()
    wants = invoice.wants()
    if body.grant is not None:
        grants = [account.grants[body.grant]]
        wants = named(grants[0], wants)
    allocations = spend(grants, wants, at.t, body.amount or invoice.due)
    if body.amount is not None and total(allocations) < body.amount:
        return refuse(Refusal.INSUFFICIENT_CREDIT)
    why = Why.CREDITED if allocations else Why.NO_CREDIT if invoice.due else Why.NOTHING_DUE
    drafts = drafted(Kind.APPLICATION, allocations, invoice)
    return Decision(drafts=drafts, told=(Told(invoice, why),))
