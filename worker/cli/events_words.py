"""An event as one line for people."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from worker.cli.events_sequence import Event
from worker.cli.output import money, when

_Data = Mapping[str, Any]


def line_of(event: Event, *, with_account: bool) -> str:
    """Its number, time, type and what it says; whose it is where several may be meant."""
    words = _WORDS.get(event.type, _anything)
    try:
        told = words(event.data)
    except (LookupError, TypeError):
        told = _anything(event.data)
    seq = str(event.event_seq) if event.key is not None else ""
    if with_account and event.key is not None:
        tenant, customer, currency = event.key
        told = f"{customer} ({tenant}) {currency}: {told}"
    return f"{seq:>5}  {_when(event.time)}  {event.type:<22}  {told}"


def _when(text: str) -> str:
    try:
        return when(datetime.fromisoformat(text))
    except ValueError:
        return text


def _balance_changed(data: _Data) -> str:
    currency = data["currency"]
    change = data["balance"] - data["balance_before"]
    kinds = ", ".join(entry["kind"] for entry in data["entries"])
    amount = f"{'+' if change > 0 else ''}{money(change, currency)}"
    now = f"balance {money(data['balance'], currency)}, available"
    cause = data["cause"]["id"]
    return f"{kinds} {amount}: {now} {money(data['available'], currency)}, by {cause}"


def _invoice_credited(data: _Data) -> str:
    applied, amount_due, due = (
        money(data[name], data["currency"]) for name in ("applied", "amount_due", "due")
    )
    return f"{data['invoice']} {data['why']}: applied {applied} of {amount_due}, due {due}"


def _refused(data: _Data) -> str:
    return f"{data['type']} {data['id']}: {data['reason']}"


def _balance_low(data: _Data) -> str:
    available, level = (
        money(data[name], data["currency"]) for name in ("available", "low_balance")
    )
    return f"available {available} is below {level}, by {data['cause']['id']}"


def _grant_expiring(data: _Data) -> str:
    left = money(data["remaining"], data["currency"])
    return f"{data['grant']}: {left} left, until {_when(data['expires_at'])} UTC"


def _quarantined(data: _Data) -> str:
    return f"{data['digest'][:12]}: {data['reason']}"


def _anything(data: _Data) -> str:
    return json.dumps(data, ensure_ascii=False)


_WORDS: dict[str, Callable[[_Data], str]] = {
    "credit.balance_changed": _balance_changed,
    "invoice.credited": _invoice_credited,
    "message.refused": _refused,
    "credit.balance_low": _balance_low,
    "grant.expiring": _grant_expiring,
    "message.quarantined": _quarantined,
}
