"""invoice.created: available credit pays a new invoice by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Literal

from domain.account import Account, Invoice, TenantSettings
from domain.decision import Decision, Instants, drafted, refuse
from domain.fields import AmountOrZero, Identifier, Instant, SignedAmount
from domain.messages import Body, Message
from domain.spending import Want, spend
from domain.vocabulary import InvoiceStatus, Kind, Refusal, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A part of an invoice; a negative amount is a discount."""

    id: Identifier
    amount: SignedAmount
    product: Identifier | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceCreated(Body):
    """An invoice as it was issued; `amount_due` is net of everything but scrip's own credit."""

    BUSINESS_ID: ClassVar[str | None] = "invoice"

    invoice: Identifier
    amount_due: AmountOrZero
    issued_at: Instant | None = None
    status: Literal["draft", "open", "payment_pending"] = "open"
    auto_apply: bool | None = None
    lines: tuple[Line, ...] = ()

    def business_time(self) -> datetime | None:
        """An invoice is of the instant it was issued at."""
        return self.issued_at

    def malformed(self) -> str | None:
        """Lines that do not sum up, or that could not be told apart."""
        total = sum(line.amount for line in self.lines)
        if self.lines and total != self.amount_due:
            return f"data.lines: they sum to {total}, but data.amount_due is {self.amount_due}"
        if len({line.id for line in self.lines}) < len(self.lines):
            return "data.lines: two lines have the same id"
        return None


def decide_invoice(
    account: Account, message: Message, body: InvoiceCreated, at: Instants, settings: TenantSettings
) -> Decision:
    """Record the invoice, once for its id (R7), and pay it as far as credit reaches (R6)."""
    known = account.invoices.get(body.invoice)
    if known is not None and known.terms is not None:
        if known.terms != message.digests.terms:
            return refuse(Refusal.ID_CONFLICT)
        return Decision(invoice=known, why=Why.ALREADY_CREATED)
    invoice = Invoice(
        invoice=body.invoice,
        amount_due=body.amount_due,
        status=InvoiceStatus(body.status),
        auto_apply=body.auto_apply,
        issued_at=body.issued_at or message.time,
        lines=body.lines,
        terms=message.digests.terms,
    )
    if known is not None:
        # R8: what was said of the invoice before it came is remembered and stands.
        invoice = replace(invoice, status=known.status)
    obstacle = _obstacle(account, invoice, settings)
    if obstacle is not None:
        return Decision(invoice=invoice, why=obstacle)
    allocations = spend(account.in_order(), wants(invoice), at.t, invoice.amount_due)
    why = Why.CREDITED if allocations else Why.NO_CREDIT
    return Decision(drafts=drafted(Kind.APPLICATION, allocations), invoice=invoice, why=why)


def wants(invoice: Invoice) -> Sequence[Want]:
    """What there is to pay: the lines, or the whole where there are none (R4)."""
    if not invoice.lines:
        return [Want(None, None, invoice.amount_due)]
    return [Want(line.id, line.product, line.amount) for line in invoice.lines]


def _obstacle(account: Account, invoice: Invoice, settings: TenantSettings) -> Why | None:
    """Why the invoice takes no credit by itself; R5: invoice over account over tenant."""
    if invoice.status is InvoiceStatus.VOID:
        return Why.VOIDED
    if invoice.status is not InvoiceStatus.OPEN:
        return Why.NOT_OPEN
    if invoice.amount_due == 0:
        return Why.NOTHING_DUE
    choices = (invoice.auto_apply, account.auto_apply, settings.auto_apply)
    if not next(choice for choice in choices if choice is not None):
        return Why.AUTO_APPLY_OFF
    return None
