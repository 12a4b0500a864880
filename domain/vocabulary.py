"""The closed lists of scrip's public words. They are extended at the end only."""

from enum import StrEnum


class Outcome(StrEnum):
    """What became of a message (I1)."""

    APPLIED = "applied"
    REFUSED = "refused"


class Refusal(StrEnum):
    """Why a well-formed message was refused, in order of precedence."""

    UNKNOWN_GRANT = "unknown_grant"
    UNKNOWN_INVOICE = "unknown_invoice"
    UNKNOWN_ENTRY = "unknown_entry"
    UNKNOWN_HOLD = "unknown_hold"
    UNKNOWN_WRITEOFF = "unknown_writeoff"
    ID_CONFLICT = "id_conflict"
    INVOICE_VOID = "invoice_void"
    INVOICE_NOT_OPEN = "invoice_not_open"
    ALREADY_EXPIRED = "already_expired"
    ALREADY_VOIDED = "already_voided"
    ALREADY_RELEASED = "already_released"
    ALREADY_REVERSED = "already_reversed"
    EXCEEDS_DUE = "exceeds_due"
    EXCEEDS_APPLIED = "exceeds_applied"
    INSUFFICIENT_CREDIT = "insufficient_credit"
    ABOVE_TOLERANCE = "above_tolerance"
    BALANCE_LIMIT = "balance_limit"


class Kind(StrEnum):
    """What an entry is; `SIGN` says which way it moves the balance."""

    GRANT = "grant"
    DEDUCTION = "deduction"
    APPLICATION = "application"
    REVERSAL = "reversal"
    EXPIRY = "expiry"
    VOID = "void"
    TRANSFER_OUT = "transfer_out"
    TRANSFER_IN = "transfer_in"
    WRITEOFF_GRANT = "writeoff_grant"
    WRITEOFF_APPLICATION = "writeoff_application"


SIGN: dict[Kind, int] = {
    Kind.GRANT: 1,
    Kind.DEDUCTION: -1,
    Kind.APPLICATION: -1,
    Kind.REVERSAL: 1,
    Kind.EXPIRY: -1,
    Kind.VOID: -1,
    Kind.TRANSFER_OUT: -1,
    Kind.TRANSFER_IN: 1,
    Kind.WRITEOFF_GRANT: 1,
    Kind.WRITEOFF_APPLICATION: -1,
}

ARRIVALS = (Kind.GRANT, Kind.TRANSFER_IN, Kind.WRITEOFF_GRANT)
"""Entries that bring grants."""


class Why(StrEnum):
    """What an `invoice.credited` event says about the amount it carries."""

    CREDITED = "credited"
    NO_CREDIT = "no_credit"
    NOTHING_DUE = "nothing_due"
    AUTO_APPLY_OFF = "auto_apply_off"
    NOT_OPEN = "not_open"
    ALREADY_CREATED = "already_created"
    GIVEN_BACK = "given_back"
    VOIDED = "voided"
    WRITTEN_OFF = "written_off"


class GrantState(StrEnum):
    """What a grant is at an instant; derived, never stored."""

    PENDING = "pending"
    ACTIVE = "active"
    DEPLETED = "depleted"
    EXPIRED = "expired"
    VOIDED = "voided"


class InvoiceStatus(StrEnum):
    """Where an invoice stands; only an open one takes credit (R8)."""

    DRAFT = "draft"
    OPEN = "open"
    PAYMENT_PENDING = "payment_pending"
    PAID = "paid"
    VOID = "void"


class Category(StrEnum):
    """Whether the customer paid for the credit."""

    PAID = "paid"
    PROMOTIONAL = "promotional"
