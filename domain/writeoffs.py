"""payment.shortfall, writeoff.reverse: a payment that came a little short is let off (R19)."""

from dataclasses import dataclass, replace
from typing import ClassVar

from domain.account import Account
from domain.bill import Invoice
from domain.credit import Allocation, Grant
from domain.decision import Decision, Draft, Instants, Told, refuse
from domain.fields import Amount, Identifier
from domain.kept import Writeoff, lot_of
from domain.messages import Body, Message
from domain.money import BALANCE_MAX
from domain.settings import TenantSettings
from domain.vocabulary import Category, InvoiceStatus, Kind, Refusal, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentShortfall(Body):
    """Says by how much a payment fell short; `writeoff` is the message's id where none is given."""

    BUSINESS_ID: ClassVar[str | None] = "writeoff"

    invoice: Identifier
    shortfall: Amount
    writeoff: Identifier | None = None
    parent: Identifier | None = None
    line: Identifier | None = None
    plan: Identifier | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseWriteoff(Body):
    """Asks for a write-off to be taken back."""

    writeoff: Identifier


def decide_shortfall(
    account: Account,
    message: Message,
    body: PaymentShortfall,
    at: Instants,
    settings: TenantSettings,
) -> Decision:
    """Write it off when it is within the plan's tolerance; the balance stays as it was."""
    name = body.writeoff or message.cause.id
    invoice = account.invoices.get(body.invoice)
    known = account.find(Writeoff, name)
    if known is not None and known.terms == message.digests.terms and invoice is not None:
        return Decision(told=(Told(invoice, Why.ALREADY_CREATED),))
    plan = body.plan or account.settings.plan or settings.plan
    limit = settings.tolerances.get(plan or "", {}).get(account.key.currency, 0)
    obstacle = _obstacle(account, invoice, name, body, limit)
    if invoice is None or obstacle is not None:
        return refuse(obstacle or Refusal.UNKNOWN_INVOICE)
    credit = Grant(
        grant=lot_of(name),
        seq=account.seq + 1,
        amount=body.shortfall,
        remaining=0,
        category=Category.PROMOTIONAL,
        terms=message.digests.terms,
    )
    writeoff = Writeoff(
        name=name,
        invoice=body.invoice,
        amount=body.shortfall,
        seq=account.seq + 2,
        line=body.line,
        parent=body.parent,
        plan=plan,
        terms=message.digests.terms,
    )
    return _write_off(credit, writeoff, replace(invoice, status=InvoiceStatus.PAID))


def _write_off(credit: Grant, writeoff: Writeoff, paid: Invoice) -> Decision:
    """The two entries as one pair."""
    of_line = (Allocation(credit.grant, writeoff.line, writeoff.amount),)
    return Decision(
        grants=(credit,),
        told=(Told(paid, Why.WRITTEN_OFF),),
        drafts=(
            Draft(Kind.WRITEOFF_GRANT, (Allocation(credit.grant, None, writeoff.amount),)),
            Draft(Kind.WRITEOFF_APPLICATION, of_line, paid),
        ),
        kept=(writeoff,),
    )


def _obstacle(
    account: Account, invoice: Invoice | None, name: str, body: PaymentShortfall, limit: int
) -> Refusal | None:
    """Why nothing is written off, in order of precedence."""
    if invoice is None:
        return Refusal.UNKNOWN_INVOICE
    if lot_of(name) in account.grants:
        return Refusal.ID_CONFLICT
    if invoice.status is InvoiceStatus.VOID:
        return Refusal.INVOICE_VOID
    if invoice.status is not InvoiceStatus.OPEN:
        return Refusal.INVOICE_NOT_OPEN
    if body.shortfall > invoice.due:
        return Refusal.EXCEEDS_DUE
    if body.shortfall > limit:
        return Refusal.ABOVE_TOLERANCE
    if account.balance + body.shortfall > BALANCE_MAX:
        return Refusal.BALANCE_LIMIT
    return None


def decide_writeoff_reversal(
    account: Account,
    message: Message,
    body: ReverseWriteoff,
    at: Instants,
    settings: TenantSettings,
) -> Decision:
    """Whole and once: the credit comes back and is void, and the invoice is open again."""
    writeoff = account.find(Writeoff, body.writeoff)
    if writeoff is None:
        return refuse(Refusal.UNKNOWN_WRITEOFF)
    invoice = account.invoices[writeoff.invoice]
    if invoice.status is InvoiceStatus.VOID:
        return refuse(Refusal.INVOICE_VOID)
    if writeoff.is_reversed:
        return refuse(Refusal.ALREADY_REVERSED)
    if account.balance + writeoff.amount > BALANCE_MAX:
        return refuse(Refusal.BALANCE_LIMIT)
    if invoice.status is InvoiceStatus.PAID:
        invoice = replace(invoice, status=InvoiceStatus.OPEN)
    lot = lot_of(writeoff.name)
    back = (Allocation(lot, writeoff.line, writeoff.amount),)
    rest = (Allocation(lot, None, writeoff.amount),)
    return Decision(
        ended=account.grants[lot],
        told=(Told(invoice, Why.GIVEN_BACK),),
        drafts=(
            Draft(Kind.REVERSAL, back, invoice, (writeoff.seq,)),
            Draft(Kind.VOID, rest),
        ),
        kept=(replace(writeoff, is_reversed=True),),
    )
