"""invoice.voided: the invoice is no more, and its credit goes back."""

from dataclasses import dataclass, replace

from domain.account import Account, Invoice, TenantSettings
from domain.decision import Decision, Instants, refuse
from domain.fields import Identifier
from domain.giving_back import give_back
from domain.messages import Body, Message
from domain.money import BALANCE_MAX
from domain.vocabulary import InvoiceStatus, Refusal, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceVoided(Body):
    """Says that an invoice is void, also one that was paid or has not come yet."""

    invoice: Identifier


def decide_void(
    account: Account, message: Message, body: InvoiceVoided, at: Instants, settings: TenantSettings
) -> Decision:
    """Give everything back (R10); final, and remembered when it comes before the create (R8)."""
    known = account.invoices.get(body.invoice)
    if known is None:
        early = Invoice(invoice=body.invoice, amount_due=0, status=InvoiceStatus.VOID)
        return Decision(invoice=early, why=Why.VOIDED)
    if account.balance + known.applied > BALANCE_MAX:
        return refuse(Refusal.BALANCE_LIMIT)
    void = replace(known, status=InvoiceStatus.VOID)
    return Decision(drafts=give_back(account, known, at.t), invoice=void, why=Why.VOIDED)
