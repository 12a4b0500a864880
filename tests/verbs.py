"""Example messages of the kinds beyond grants, deductions and new invoices (see builders.py).

Ids follow from the kind and what is named; a test that sends the same kind twice names them itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, Unpack

from domain.amendments import AmendCredit
from domain.applying import ApplyCredit
from domain.bill import Line
from domain.configuring import ConfigureAccount, ConfigureTenant
from domain.grant_voids import VoidCredit
from domain.holds import CaptureCredit, HoldCredit, ReleaseCredit
from domain.messages import Message
from domain.payments import InvoicePaid
from domain.reversals import ReverseCredit
from domain.transfers import TransferCredit
from domain.updates import InvoiceUpdated
from domain.writeoffs import PaymentShortfall, ReverseWriteoff
from tests.builders import About, LineText, instant, message


def update(
    due: int | None = None,
    invoice: str = "i",
    *,
    lines: Iterable[LineText] = (),
    status: Literal["draft", "open", "payment_pending"] | None = None,
    **about: Unpack[About],
) -> Message:
    """An invoice.updated; lines are (id, product, amount) and say what is due."""
    rows = tuple(Line(id=line, product=product, amount=amount) for line, product, amount in lines)
    own = {
        "invoice": invoice,
        "amount_due": sum(row.amount for row in rows) if rows and due is None else due,
        "status": status,
        "lines": rows,
    }
    return message(InvoiceUpdated, own, f"update-{invoice}-{due}-{status}", about)


def paid(invoice: str = "i", **about: Unpack[About]) -> Message:
    """An invoice.paid."""
    return message(InvoicePaid, {"invoice": invoice}, f"paid-{invoice}", about)


def apply(
    amount: int | None = None,
    invoice: str = "i",
    *,
    grant: str | None = None,
    **about: Unpack[About],
) -> Message:
    """A credit.apply."""
    own = {"invoice": invoice, "amount": amount, "grant": grant}
    return message(ApplyCredit, own, f"apply-{invoice}-{amount}", about)


def reverse(
    amount: int | None = None,
    invoice: str | None = None,
    *,
    entry: int | None = None,
    **about: Unpack[About],
) -> Message:
    """A credit.reverse of an entry, or else of an invoice."""
    named = invoice or (None if entry is not None else "i")
    own = {"invoice": named, "entry": entry, "amount": amount}
    return message(ReverseCredit, own, f"reverse-{named}-{entry}-{amount}", about)


def void_grant(grant: str = "g", **about: Unpack[About]) -> Message:
    """A credit.void."""
    return message(VoidCredit, {"grant": grant}, f"void-grant-{grant}", about)


def amend(
    grant: str = "g",
    *,
    expires: str | datetime | None = None,
    priority: int | None = None,
    memo: str | None = None,
    reference_number: str | None = None,
    **about: Unpack[About],
) -> Message:
    """A credit.amend."""
    own = {
        "grant": grant,
        "expires_at": None if expires is None else instant(expires),
        "priority": priority,
        "memo": memo,
        "reference_number": reference_number,
    }
    return message(AmendCredit, own, f"amend-{grant}", about)


def hold(
    amount: int,
    hold: str = "h",
    *,
    expires: str | datetime | None = None,
    **about: Unpack[About],
) -> Message:
    """A credit.hold."""
    ends = None if expires is None else instant(expires)
    own = {"hold": hold, "amount": amount, "expires_at": ends}
    return message(HoldCredit, own, f"hold-{hold}", about)


def capture(
    amount: int | None = None,
    hold: str = "h",
    *,
    invoice: str | None = None,
    **about: Unpack[About],
) -> Message:
    """A credit.capture, as a deduction or on an invoice."""
    own = {"hold": hold, "amount": amount, "invoice": invoice}
    return message(CaptureCredit, own, f"capture-{hold}", about)


def release(hold: str = "h", **about: Unpack[About]) -> Message:
    """A credit.release."""
    return message(ReleaseCredit, {"hold": hold}, f"release-{hold}", about)


def transfer(amount: int, to: str = "bolt", transfer: str = "t", **about: Unpack[About]) -> Message:
    """A credit.transfer."""
    own = {"transfer": transfer, "to_customer": to, "amount": amount}
    return message(TransferCredit, own, f"transfer-{transfer}", about)


def shortfall(
    amount: int,
    invoice: str = "i",
    writeoff: str | None = "w",
    *,
    line: str | None = None,
    parent: str | None = None,
    plan: str | None = None,
    **about: Unpack[About],
) -> Message:
    """A payment.shortfall."""
    own = {
        "invoice": invoice,
        "shortfall": amount,
        "writeoff": writeoff,
        "line": line,
        "parent": parent,
        "plan": plan,
    }
    return message(PaymentShortfall, own, f"shortfall-{writeoff}", about)


def reverse_writeoff(writeoff: str = "w", **about: Unpack[About]) -> Message:
    """A writeoff.reverse."""
    return message(ReverseWriteoff, {"writeoff": writeoff}, f"reverse-{writeoff}", about)


def configure(
    *,
    auto_apply: bool | None = None,
    apply_to_open_invoices: bool | None = None,
    low_balance: int | None = None,
    plan: str | None = None,
    **about: Unpack[About],
) -> Message:
    """An account.configure."""
    own = {
        "auto_apply": auto_apply,
        "apply_to_open_invoices": apply_to_open_invoices,
        "low_balance": low_balance,
        "plan": plan,
    }
    return message(ConfigureAccount, own, f"configure-{own}", about)


def configure_tenant(said: Mapping[str, Any], **about: Unpack[About]) -> Message:
    """A tenant.configure."""
    return message(ConfigureTenant, dict(said), f"configure-tenant-{said}", about)
