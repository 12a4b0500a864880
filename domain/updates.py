"""invoice.updated: another amount or status, and what that takes or gives back."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from domain.account import Account
from domain.bill import UPDATED_FIRST, Invoice, Line, Use, paid_by_line
from domain.credit import Allocation
from domain.decision import Decision, Instants, Told, drafted, refuse
from domain.fields import AmountOrZero, Identifier
from domain.giving_back import newest_first
from domain.invoices import lines_malformed, pay_by_itself
from domain.messages import Body, Message
from domain.money import BALANCE_MAX
from domain.returning import give_back
from domain.settings import TenantSettings
from domain.spending import obstacle, pay
from domain.vocabulary import InvoiceStatus, Kind, Refusal, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceUpdated(Body):
    """What has changed of an invoice; a new amount comes with the new lines, if it has lines."""

    invoice: Identifier
    amount_due: AmountOrZero | None = None
    status: Literal["draft", "open", "payment_pending"] | None = None
    lines: tuple[Line, ...] = ()

    def malformed(self) -> str | None:
        """An update of nothing, or lines that do not sum up."""
        if self.amount_due is None and self.status is None:
            return "data: an update needs amount_due or status, or both"
        return lines_malformed(self.lines, self.amount_due)


def decide_update(
    account: Account, message: Message, body: InvoiceUpdated, at: Instants, settings: TenantSettings
) -> Decision:
    """Give the surplus back, or take more where more is due or the invoice has opened (R8, R9)."""
    known = account.invoices.get(body.invoice)
    if known is None:
        return _create(account, message, body, at, settings)
    if known.status is InvoiceStatus.VOID:
        return refuse(Refusal.INVOICE_VOID)
    if known.status is InvoiceStatus.PAID:
        return refuse(Refusal.INVOICE_NOT_OPEN)
    invoice = _changed(known, body, account.seq)
    back, stands = surplus(known.uses, invoice)
    if account.balance + sum(use.amount for use in back) > BALANCE_MAX:
        return refuse(Refusal.BALANCE_LIMIT)
    takes = invoice.amount_due > known.amount_due or body.status == "open"
    if back:
        rest = replace(invoice, uses=stands)
        takes = takes and obstacle(account, rest, settings) is None
        more = _rest(account, rest, back, at.t) if takes else ()
        drafts = give_back(account, invoice, back, at.t)
        why = Why.CREDITED if more else Why.GIVEN_BACK
        drafts += drafted(Kind.APPLICATION, more, invoice)
        return Decision(drafts=drafts, told=(Told(invoice, why),))
    if takes:
        return pay_by_itself(account, invoice, at.t, settings)
    why = obstacle(account, invoice, settings) or Why.ALREADY_CREATED
    return Decision(told=(Told(invoice, why),))


def surplus(uses: list[Use], invoice: Invoice) -> tuple[list[Use], list[Use]]:
    """What stands applied beyond the new amount, and what is left of the uses without it.

    Each shrunk line's own comes first, then the newest of all.
    """
    stands, back = list(uses), list[Use]()
    over = paid_by_line(uses)
    del over[None]
    over.subtract({line.id: max(line.amount, 0) for line in invoice.lines})
    for use in reversed(uses) if invoice.lines else ():
        part = newest_first(stands, min(use.amount, over[use.line]), use.__eq__)
        over.subtract({taken.line: taken.amount for taken in part})
        back += part
    rest = sum(use.amount for use in stands) + invoice.written_off - invoice.amount_due
    return back + newest_first(stands, rest), stands


def _rest(account: Account, rest: Invoice, back: list[Use], at: datetime) -> tuple[Allocation, ...]:
    """What pays the rest of an invoice, credit that has just come back from it included."""
    returned = Counter[str]()
    for use in back:
        returned[use.grant] += use.amount
    lots = (
        (grant, grant.free + returned[grant.grant])
        for grant in account.in_order_with(returned)
        if grant.usable(at)
    )
    return pay(lots, rest.wants(), rest.due)


def _changed(known: Invoice, body: InvoiceUpdated, seq: int) -> Invoice:
    invoice = known
    if body.amount_due is not None:
        invoice = replace(invoice, amount_due=body.amount_due, lines=body.lines, revised=seq)
    if body.status is not None:
        invoice = replace(invoice, status=InvoiceStatus(body.status))
    return invoice


def _create(
    account: Account, message: Message, body: InvoiceUpdated, at: Instants, settings: TenantSettings
) -> Decision:
    """R8: an update before its create creates, where it says how much is due."""
    if body.amount_due is None:
        return refuse(Refusal.UNKNOWN_INVOICE)
    invoice = Invoice(
        invoice=body.invoice,
        amount_due=body.amount_due,
        status=InvoiceStatus(body.status or "open"),
        issued_at=message.time,
        lines=body.lines,
        terms=UPDATED_FIRST,
    )
    return pay_by_itself(account, invoice, at.t, settings)
