"""invoice.created: available credit pays a new invoice by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Literal

from domain.account import Account
from domain.bill import UPDATED_FIRST, Invoice, Line
from domain.decision import Decision, Instants, Told, drafted, refuse
from domain.fields import AmountOrZero, Identifier, Instant
from domain.messages import Body, Message
from domain.settings import TenantSettings
from domain.spending import obstacle, spend
from domain.vocabulary import InvoiceStatus, Kind, Refusal, Why


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
        return lines_malformed(self.lines, self.amount_due)


def lines_malformed(lines: Sequence[Line], amount_due: int | None) -> str | None:
    """What is wrong with an invoice's lines, as a sentence."""
    total = sum(line.amount for line in lines)
    if lines and total != amount_due:
        return f"data.lines: they sum to {total}, but data.amount_due is {amount_due}"
    if len({line.id for line in lines}) < len(lines):
        return "data.lines: two lines have the same id"
    return None


def decide_invoice(
    account: Account, message: Message, body: InvoiceCreated, at: Instants, settings: TenantSettings
) -> Decision:
    """Record the invoice, once for its id (R7), and pay it as far as credit reaches (R6)."""
    known = account.invoices.get(body.invoice)
    if known is not None and known.is_known:
        if known.terms not in (message.digests.terms, UPDATED_FIRST):
            return refuse(Refusal.ID_CONFLICT)
        known = replace(known, terms=message.digests.terms)  # changes nothing else (R8)
        return Decision(told=(Told(known, Why.ALREADY_CREATED),))
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
    return pay_by_itself(account, invoice, at.t, settings)


def pay_by_itself(
    account: Account, invoice: Invoice, at: datetime, settings: TenantSettings
) -> Decision:
    """Credit for what is still due, as far as it reaches and the settings allow it (R5, R6)."""
    why = obstacle(account, invoice, settings)
    if why is not None:
        return Decision(told=(Told(invoice, why),))
    allocations = spend(account.in_order(), invoice.wants(), at, invoice.due)
    why = Why.CREDITED if allocations else Why.NO_CREDIT
    drafts = drafted(Kind.APPLICATION, allocations, invoice)
    return Decision(drafts=drafts, told=(Told(invoice, why),))
