"""The kinds of messages beyond the first four, good and bad, for the tables of the codec."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from domain.amendments import AmendCredit
from domain.applying import ApplyCredit
from domain.bill import Line
from domain.configuring import ConfigureAccount, ConfigureTenant
from domain.grant_voids import VoidCredit
from domain.holds import CaptureCredit, HoldCredit, ReleaseCredit
from domain.messages import Body
from domain.payments import InvoicePaid
from domain.reversals import ReverseCredit
from domain.transfers import TransferCredit
from domain.updates import InvoiceUpdated
from domain.writeoffs import PaymentShortfall, ReverseWriteoff

_NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
_TEXT = "2026-01-31T14:00:00+02:00"
_HELD = {"hold": "h-1", "amount": 1250}
_SENT = {"transfer": "t-1", "to_customer": "cus_2", "amount": 1250}
_SHORT = {"invoice": "inv_1", "shortfall": 3}
_OPTIONS: dict[str, Any] = {
    "auto_apply": False,
    "apply_to_open_invoices": True,
    "low_balance": "0.50",
    "plan": "basic",
}
_CHOSEN = {**_OPTIONS, "low_balance": 50}
_LATER: dict[str, Any] = {"priority": 0, "memo": "longer", "reference_number": "R-8"}
_LINE = {"id": "1", "product": "api", "amount": "9.00"}
_OWED = {"writeoff": "w-1", "parent": "p", "line": "1", "plan": "basic"}

KINDS: list[tuple[str, type[Body], dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    (
        "invoice.updated",
        InvoiceUpdated,
        {"invoice": "inv_1", "amount_due": 900},
        {"amount_due": "9.00", "status": "payment_pending", "lines": [_LINE]},
        {
            "amount_due": 900,
            "status": "payment_pending",
            "lines": (Line(id="1", product="api", amount=900),),
        },
    ),
    ("invoice.paid", InvoicePaid, {"invoice": "inv_1"}, {}, {}),
    (
        "credit.apply",
        ApplyCredit,
        {"invoice": "inv_1"},
        {"amount": "12.50", "grant": "g-1"},
        {"amount": 1250, "grant": "g-1"},
    ),
    ("credit.reverse", ReverseCredit, {"entry": 7}, {"amount": "0.01"}, {"amount": 1}),
    ("credit.void", VoidCredit, {"grant": "g-1"}, {}, {}),
    (
        "credit.amend",
        AmendCredit,
        {"grant": "g-1"},
        {"expires_at": _TEXT, **_LATER},
        {"expires_at": _NOON, **_LATER},
    ),
    ("credit.hold", HoldCredit, _HELD, {"expires_at": _TEXT}, {"expires_at": _NOON}),
    (
        "credit.capture",
        CaptureCredit,
        {"hold": "h-1"},
        {"amount": "12.50", "invoice": "inv_1"},
        {"amount": 1250, "invoice": "inv_1"},
    ),
    ("credit.release", ReleaseCredit, {"hold": "h-1"}, {}, {}),
    ("credit.transfer", TransferCredit, _SENT, {"amount": "12.50"}, {}),
    ("payment.shortfall", PaymentShortfall, _SHORT, {**_OWED, "shortfall": "0.03"}, _OWED),
    ("writeoff.reverse", ReverseWriteoff, {"writeoff": "w-1"}, {}, {}),
    ("account.configure", ConfigureAccount, {}, _OPTIONS, _CHOSEN),
    (
        "tenant.configure",
        ConfigureTenant,
        {},
        {
            **_OPTIONS,
            "order": "metronome",
            "late_window": 0,
            "tolerances": {"basic": {"USD": "0.05", "JPY": "5", "KWD": 5, "tokens": 5}, "none": {}},
            "units": {"tokens": 0, "credits": 4},
            "default_currency": "USD",
        },
        {
            **_CHOSEN,
            "order": "metronome",
            "late_window": 0,
            "tolerances": {"basic": {"USD": 5, "JPY": 5, "KWD": 5, "tokens": 5}, "none": {}},
            "units": {"tokens": 0, "credits": 4},
            "default_currency": "USD",
        },
    ),
]
"""The type, its body, the least data, all data as sent, and as understood over the least."""


def _tolerances(**amounts: Any) -> dict[str, Any]:
    return {"tolerances": {"basic": amounts}}


_OBJECT = "data.tolerances.basic: must be an object of amounts by currency"
_BY_CURRENCY = "data.tolerances.basic: must have amounts by currency"
_BY_UNIT = "data.tolerances.basic: must have integers for units of your own"

BAD: list[tuple[str, dict[str, Any], str]] = [
    ("invoice.updated", {"amount_due": None}, "data: an update needs amount_due or status"),
    (
        "invoice.updated",
        {"lines": [{"id": "1", "amount": 901}]},
        "data.lines: they sum to 901, but data.amount_due is 900",
    ),
    ("invoice.updated", {"status": "void"}, "data.status: must be 'draft', 'open' or"),
    ("credit.reverse", {"invoice": "inv_1"}, "data: name an invoice or an entry, and not both"),
    ("credit.reverse", {"entry": None}, "data: name an invoice or an entry, and not both"),
    ("credit.reverse", {"entry": 0}, "data.entry: must be an integer from 1 to"),
    ("credit.hold", {"amount": 0}, "data.amount: must be from 1 to"),
    (
        "credit.transfer",
        {"to_customer": "cus_1"},
        "data.to_customer: is the customer that the credit would come from",
    ),
    ("credit.apply", {"amount": "12.5"}, "data.amount: must be an integer of minor units or a"),
    ("account.configure", {"low_balance": -1}, "data.low_balance: must be from 0 to"),
    ("account.configure", {"order": "fifo"}, "data.order: unknown field"),
    ("tenant.configure", {"order": "lifo"}, "data.order: must be 'standard',"),
    ("tenant.configure", {"late_window": "1h"}, "data.late_window: must be an integer from 0 to"),
    ("tenant.configure", {"units": {"EUR": 2}}, "data.units.EUR: is a currency of ISO 4217"),
    ("tenant.configure", {"units": {"tokens": 5}}, "data.units.tokens: must be an integer from 0"),
    ("tenant.configure", {"tolerances": {"basic": 5}}, _OBJECT),
    ("tenant.configure", _tolerances(USD=-1), _BY_CURRENCY),
    ("tenant.configure", _tolerances(USD="0.5"), _BY_CURRENCY),
    ("tenant.configure", _tolerances(JPY="0.50"), _BY_CURRENCY),
    ("tenant.configure", _tolerances(USD="-0.00"), _BY_CURRENCY),
    ("tenant.configure", _tolerances(USD=True), _BY_CURRENCY),
    ("tenant.configure", _tolerances(USD=None), _BY_CURRENCY),
    ("tenant.configure", _tolerances(tokens="0.50"), _BY_UNIT),
    ("tenant.configure", _tolerances(tokens=0.5), _BY_UNIT),
    ("tenant.configure", {"tolerances": {"basic": {"": 1}}}, _BY_UNIT),
]
"""Type, changes to its least data, reason."""
