"""Every message kind, with its body and its decision. A new kind is one more line here."""

from collections.abc import Callable
from typing import Any

from domain.account import Account
from domain.amendments import AmendCredit, decide_amendment
from domain.applying import ApplyCredit, decide_apply
from domain.configuring import (
    ConfigureAccount,
    ConfigureTenant,
    decide_account_settings,
    decide_tenant_settings,
)
from domain.decision import Decision, Instants
from domain.deductions import DeductCredit, decide_deduction
from domain.grant_voids import VoidCredit, decide_grant_void
from domain.grants import GrantCredit, decide_grant
from domain.holds import (
    CaptureCredit,
    HoldCredit,
    ReleaseCredit,
    decide_capture,
    decide_hold,
    decide_release,
)
from domain.invoices import InvoiceCreated, decide_invoice
from domain.messages import Body, Message
from domain.payments import InvoicePaid, decide_payment
from domain.reversals import ReverseCredit, decide_reversal
from domain.settings import TenantSettings
from domain.transfers import TransferCredit, decide_transfer
from domain.updates import InvoiceUpdated, decide_update
from domain.voids import InvoiceVoided, decide_void
from domain.writeoffs import (
    PaymentShortfall,
    ReverseWriteoff,
    decide_shortfall,
    decide_writeoff_reversal,
)

Decide = Callable[[Account, Message, Any, Instants, TenantSettings], Decision]

VERBS: dict[str, tuple[type[Body], Decide]] = {
    "credit.grant": (GrantCredit, decide_grant),
    "credit.deduct": (DeductCredit, decide_deduction),
    "invoice.created": (InvoiceCreated, decide_invoice),
    "invoice.updated": (InvoiceUpdated, decide_update),
    "invoice.voided": (InvoiceVoided, decide_void),
    "invoice.paid": (InvoicePaid, decide_payment),
    "credit.apply": (ApplyCredit, decide_apply),
    "credit.reverse": (ReverseCredit, decide_reversal),
    "credit.void": (VoidCredit, decide_grant_void),
    "credit.amend": (AmendCredit, decide_amendment),
    "credit.hold": (HoldCredit, decide_hold),
    "credit.capture": (CaptureCredit, decide_capture),
    "credit.release": (ReleaseCredit, decide_release),
    "credit.transfer": (TransferCredit, decide_transfer),
    "payment.shortfall": (PaymentShortfall, decide_shortfall),
    "writeoff.reverse": (ReverseWriteoff, decide_writeoff_reversal),
    "account.configure": (ConfigureAccount, decide_account_settings),
    "tenant.configure": (ConfigureTenant, decide_tenant_settings),
}
