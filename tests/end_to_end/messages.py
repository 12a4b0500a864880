"""Messages as an upstream system writes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import count
from typing import Any

SOURCE = "/billing"
TENANT = "shop"

_numbers = count(1)


def event(kind: str, customer: str, *, message_id: str | None = None, **data: Any) -> bytes:
    """A CloudEvent about a customer's USD account; its id is new unless given."""
    return encoded(
        {
            "specversion": "1.0",
            "id": message_id or f"m{next(_numbers)}",
            "source": SOURCE,
            "type": kind,
            "time": datetime.now(UTC).isoformat(),
            "data": {"tenant": TENANT, "customer": customer, "currency": "USD", **data},
        }
    )


def grant(customer: str, amount: int, **data: Any) -> bytes:
    return event("credit.grant", customer, amount=amount, **data)


def invoice(customer: str, name: str, amount_due: int, **data: Any) -> bytes:
    return event("invoice.created", customer, invoice=name, amount_due=amount_due, **data)


def deduct(customer: str, amount: int, **data: Any) -> bytes:
    return event("credit.deduct", customer, amount=amount, **data)


def encoded(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()


def mixed(customers: list[str], number: int) -> list[bytes]:
    """Grants, invoices and deductions in turn over the customers."""
    load = [grant(customer, 10_000) for customer in customers]
    while len(load) < number:
        customer = customers[len(load) % len(customers)]
        load.append(invoice(customer, f"inv{len(load)}", 700))
        load.append(deduct(customer, 300))
    return load[:number]
