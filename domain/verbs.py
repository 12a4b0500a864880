"""Every message kind, with its body and its decision. A new kind is one more line here."""

from collections.abc import Callable
from typing import Any

from domain.account import Account, TenantSettings
from domain.decision import Decision, Instants
from domain.deductions import DeductCredit, decide_deduction
from domain.grants import GrantCredit, decide_grant
from domain.invoices import InvoiceCreated, decide_invoice
from domain.messages import Body, Message
from domain.voids import InvoiceVoided, decide_void

Decide = Callable[[Account, Message, Any, Instants, TenantSettings], Decision]

VERBS: dict[str, tuple[type[Body], Decide]] = {
    "credit.grant": (GrantCredit, decide_grant),
    "credit.deduct": (DeductCredit, decide_deduction),
    "invoice.created": (InvoiceCreated, decide_invoice),
    "invoice.voided": (InvoiceVoided, decide_void),
}
