"""The story that `scrip demo` tells: what is sent, and how it has to come out."""

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from domain.fields import rfc3339
from worker.state import Data

TENANT, CUSTOMER, CURRENCY = "demo", "ada", "USD"
EXPIRES_AFTER = timedelta(seconds=2)

LEDGER = (
    ("grant", 10_000, 10_000),
    ("grant", 2_000, 12_000),
    ("grant", 3_000, 15_000),
    ("application", -4_500, 10_500),
    ("application", -9_500, 1_000),
    ("deduction", -400, 600),
    ("reversal", 9_500, 10_100),
    ("grant", 500, 10_600),
    ("expiry", -500, 10_100),
)
"""Kind, amount and balance of every row that the story leaves."""

EVENTS = {
    "credit.balance_changed": 9,
    "invoice.credited": 3,
    "message.refused": 1,
    "message.quarantined": 1,
}


class Step(NamedTuple):
    """A message, and what it is in words."""

    words: str
    body: bytes


def steps() -> list[Step]:
    """What is sent before the last grant."""
    promo = {"grant": "promo", "amount": "20.00", "category": "promotional", "priority": 10}
    lines = [
        {"id": "1", "product": "api", "amount": "40.00"},
        {"id": "2", "product": "seats", "amount": "5.00"},
    ]
    large = _step(
        "an invoice of 200.00", "i2", "invoice.created", invoice="INV-2", amount_due="200.00"
    )
    return [
        _step("a grant of 100.00", "g1", "credit.grant", grant="paid", amount="100.00"),
        _step("a gift of 20.00, to be used first", "g2", "credit.grant", **promo),
        _step(
            "30.00 for the product api alone",
            "g3",
            "credit.grant",
            grant="api-only",
            amount="30.00",
            scope=["api"],
            priority=20,
        ),
        _step(
            "an invoice: api 40.00, seats 5.00",
            "i1",
            "invoice.created",
            invoice="INV-1",
            amount_due="45.00",
            lines=lines,
        ),
        large,
        large._replace(words="the same message once more"),
        _step("a deduction of 50.00", "d1", "credit.deduct", amount="50.00"),
        _step("a deduction of 4.00 for api", "d2", "credit.deduct", amount="4.00", product="api"),
        _step("an amount with a float in it", "g4", "credit.grant", amount=12.5),
        _step("the invoice of 200.00 is void", "v2", "invoice.voided", invoice="INV-2"),
    ]


def last_step(now: datetime) -> Step:
    """A grant that expires while the reader watches."""
    expires_at = rfc3339(now + EXPIRES_AFTER)
    return _step(
        "5.00 that expire in 2 seconds",
        "g5",
        "credit.grant",
        grant="short",
        amount="5.00",
        expires_at=expires_at,
    )


def _step(words: str, name: str, kind: str, **data: Any) -> Step:
    event = {
        "specversion": "1.0",
        "id": name,
        "source": "demo-shop",
        "type": kind,
        # In the future means as of now (R3); so the story does not depend on anybody's clock.
        "time": "2100-01-01T00:00:00Z",
        "data": {"tenant": TENANT, "customer": CUSTOMER, "currency": CURRENCY, **data},
    }
    return Step(words, json.dumps(event).encode())


def came_out(state: Data, events: list[Data]) -> list[str]:
    """Where the outcome differs from the story; empty when all is as told."""
    outcomes = state["outcomes"]
    found: dict[str, tuple[Any, Any]] = {
        "ledger": (
            LEDGER,
            tuple((row["kind"], row["amount"], row["balance"]) for row in ledger_of(state)),
        ),
        "available": (LEDGER[-1][2], state["accounts"][0]["available"]),
        "refused": (["d1"], [row["id"] for row in outcomes if row["outcome"] == "refused"]),
        "repeats": (1, sum(row["repeats"] for row in outcomes)),
        "quarantine": (["g4"], [row["id"] for row in state["quarantined"]]),
        "events": (EVENTS, dict(Counter(event["type"] for event in events))),
    }
    return [
        f"{name}: {seen} came out instead of {told}"
        for name, (told, seen) in found.items()
        if seen != told
    ]


def ledger_of(state: Data) -> list[Data]:
    """The ledger of the story's one account; empty before the first message."""
    accounts = state["accounts"]
    return list(accounts[0]["ledger"]) if accounts else []
