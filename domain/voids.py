"""invoice.voided: the invoice is no more, and its credit goes back."""

from dataclasses import dataclass, replace

from domain.account import Account
from domain.bill import Invoice
from domain.decision import Decision, Instants, Told, refuse
from domain.fields import Identifier
from domain.giving_back import newest_first
from domain.messages import Body, Message
from domain.money import BALANCE_MAX
from domain.returning import give_back
from domain.settings import TenantSettings
from domain.vocabulary import InvoiceStatus, Refusal, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceVoided(Body):
    """Says that an invoice is void, also one that was paid or has not come yet."""

    invoice: Identifier


def decide_void(
    account: Account, message: Message, body: InvoiceVoided, at: Instants, settings: TenantSettings
) -> Decision:
    """Give everything back (R10); final, and remembered when it comes before the create (R8).

    A write-off is no spendable credit, so it stays where it is.
    """
    known = account.invoices.get(body.invoice)
    if known is None:
        early = Invoice(invoice=body.invoice, amount_due=0, status=InvoiceStatus.VOID)
        return Decision(told=(Told(early, Why.VOIDED),))
    if account.balance + known.spent > BALANCE_MAX:
        return refuse(Refusal.BALANCE_LIMIT)
    void = replace(known, status=InvoiceStatus.VOID)
    back = newest_first(list(known.uses), known.spent)
    drafts = give_back(account, void, back, at.t)
    return Decision(drafts=drafts, told=(Told(void, Why.VOIDED),))
