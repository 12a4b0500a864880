"""credit.hold, credit.capture, credit.release: credit set aside, then used or let go (R17)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from domain.account import Account
from domain.bill import Invoice, Want
from domain.credit import Allocation
from domain.decision import Decision, Instants, Told, drafted, refuse
from domain.fields import Amount, Identifier, Instant
from domain.kept import Hold
from domain.messages import Body, Message
from domain.returning import voided
from domain.settings import TenantSettings
from domain.spending import pay, spend, total
from domain.vocabulary import InvoiceStatus, Kind, Refusal, Why

CAPTURE = "credit.capture"
"""What uses credit that was reserved before, whatever has become of its grants since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldCredit(Body):
    """Asks for an amount to be set aside, until it is captured, released, or its time is over."""

    BUSINESS_ID: ClassVar[str | None] = "hold"

    hold: Identifier
    amount: Amount
    expires_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureCredit(Body):
    """Asks for a hold to be used, all of it or an amount, on an invoice or as a deduction."""

    ASKED: ClassVar[tuple[str, ...]] = ("hold",)

    hold: Identifier
    amount: Amount | None = None
    invoice: Identifier | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCredit(Body):
    """Asks for a hold to end unused."""

    hold: Identifier


def decide_hold(
    account: Account, message: Message, body: HoldCredit, at: Instants, settings: TenantSettings
) -> Decision:
    """Reserve all of the amount or none of it: lowers available, not the balance."""
    known = account.find(Hold, body.hold)
    if known is not None:
        same = known.terms == message.digests.terms
        return Decision() if same else refuse(Refusal.ID_CONFLICT)
    if body.expires_at is not None and body.expires_at <= at.t:
        return refuse(Refusal.ALREADY_EXPIRED)
    lots = spend(account.in_order(), [Want(None, None, body.amount)], at.t, body.amount)
    if total(lots) < body.amount:
        return refuse(Refusal.INSUFFICIENT_CREDIT)
    hold = Hold(body.hold, lots, body.expires_at, account.seq, terms=message.digests.terms)
    return Decision(reserved=lots, kept=(hold,))


def decide_capture(
    account: Account, message: Message, body: CaptureCredit, at: Instants, settings: TenantSettings
) -> Decision:
    """Use an amount whole or refuse it, or all that fits; what is not captured is free again."""
    hold = account.find(Hold, body.hold)
    invoice = account.invoices.get(body.invoice) if body.invoice else None
    obstacle = _capture_obstacle(hold, body, invoice)
    if hold is None or obstacle is not None:
        return refuse(obstacle or Refusal.UNKNOWN_HOLD)
    amount = body.amount or min(hold.amount, invoice.due if invoice else hold.amount)
    wants: Sequence[Want] = invoice.wants() if invoice else [Want(None, None, amount)]
    lots = [(account.grants[lot.grant], lot.amount) for lot in hold.lots]
    captured = pay(lots, wants, amount)
    if total(captured) < amount:
        return refuse(Refusal.INSUFFICIENT_CREDIT)
    kind = Kind.APPLICATION if invoice else Kind.DEDUCTION
    return Decision(
        told=(Told(invoice, Why.CREDITED if captured else Why.NOTHING_DUE),) if invoice else (),
        freed=hold.lots,
        drafts=(
            *drafted(kind, captured, invoice),
            *voided(account, None, _without(hold.lots, captured)),
        ),
        kept=(replace(hold, until=account.seq),),
    )


def decide_release(
    account: Account, message: Message, body: ReleaseCredit, at: Instants, settings: TenantSettings
) -> Decision:
    """Let go of all that the hold reserves."""
    hold = account.find(Hold, body.hold)
    if hold is None:
        return refuse(Refusal.UNKNOWN_HOLD)
    if not hold.is_open:
        return refuse(Refusal.ALREADY_RELEASED)
    return let_go(account, hold)


def let_go(account: Account, hold: Hold) -> Decision:
    """End a hold; what it reserved is free again, and of void grants it is voided (R15)."""
    return Decision(
        freed=hold.lots,
        drafts=voided(account, None, hold.lots),
        kept=(replace(hold, until=account.seq),),
    )


def _capture_obstacle(
    hold: Hold | None, body: CaptureCredit, invoice: Invoice | None
) -> Refusal | None:
    """Why there can be no capture, in order of precedence."""
    if body.invoice is not None and invoice is None:
        return Refusal.UNKNOWN_INVOICE
    if hold is None:
        return Refusal.UNKNOWN_HOLD
    if invoice is not None and invoice.status is InvoiceStatus.VOID:
        return Refusal.INVOICE_VOID
    if invoice is not None and invoice.status is not InvoiceStatus.OPEN:
        return Refusal.INVOICE_NOT_OPEN
    if not hold.is_open:
        return Refusal.ALREADY_RELEASED
    if invoice is not None and (body.amount or 0) > invoice.due:
        return Refusal.EXCEEDS_DUE
    if (body.amount or 0) > hold.amount:
        return Refusal.INSUFFICIENT_CREDIT
    return None


def _without(lots: Sequence[Allocation], captured: Sequence[Allocation]) -> tuple[Allocation, ...]:
    """What is left of the lots."""
    left = {lot.grant: lot.amount for lot in lots}
    for allocation in captured:
        left[allocation.grant] -= allocation.amount
    return tuple(lot._replace(amount=left[lot.grant]) for lot in lots if left[lot.grant])
