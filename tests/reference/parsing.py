"""A well-formed message as the rules see it: minor units, UTC instants, defaults filled in.

Nothing is validated. A decimal string of a well-formed message shows exactly the currency's
decimals, so that its digits are the minor units.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.reference.book import Data

INSTANTS = frozenset({"effective_at", "expires_at", "issued_at", "sent_at"})
MONEY = frozenset({"amount", "amount_due", "shortfall", "low_balance"})
COMMON = frozenset(
    {"tenant", "customer", "currency", "created_by", "note", "reason", "metadata", "tags"}
)
DEFAULTS: dict[str, Data] = {
    "credit.grant": {"category": "paid", "priority": 50, "scope": [], "line_items": []},
    "invoice.created": {"status": "open", "lines": []},
}
OWN_ID = {"credit.grant": "grant", "payment.shortfall": "writeoff"}
"""The business id that is the message's id where none is given."""


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def minor_units(amount: int | str) -> int:
    return amount if isinstance(amount, int) else int(amount.replace(".", ""))


def field(name: str, given: Any) -> Any:
    if name in INSTANTS:
        return instant(given)
    if name in MONEY:
        return minor_units(given)
    if name in {"lines", "line_items"}:
        return [parsed(item) for item in given]
    if name == "tolerances":
        return {
            plan: {currency: minor_units(amount) for currency, amount in amounts.items()}
            for plan, amounts in given.items()
        }
    if name == "created_by":
        return {"type": "user", **({"id": given} if isinstance(given, str) else given)}
    return given


def parsed(data: Data) -> Data:
    """A null is as good as nothing."""
    return {name: field(name, given) for name, given in data.items() if given is not None}


def body(message: Data) -> Data:
    """What a repeat must have equal: type, and data after parsing and defaults (R20)."""
    kind = message["type"]
    data = {"tenant": "default", "tags": [], **DEFAULTS.get(kind, {}), **parsed(message["data"])}
    if kind in OWN_ID:
        data.setdefault(OWN_ID[kind], message["id"])
    return {"type": kind, "data": data}


def named(message: Data) -> tuple[bool, Data]:
    """Whether the message gives its business id itself, and its type's own fields (R7)."""
    kind, data = message["type"], body(message)["data"]
    own = {name: value for name, value in data.items() if name not in COMMON}
    own_id = OWN_ID.get(kind)
    return own_id is None or message["data"].get(own_id) is not None, own


def same(a: tuple[bool, Data], b: tuple[bool, Data], own_id: str) -> bool:
    """Ids that were filled in by default do not count."""
    if a[0] and b[0]:
        return a[1] == b[1]
    return {**a[1], own_id: None} == {**b[1], own_id: None}
