"""A seeded load in which everything collides: few accounts, repeats, conflicts, rubbish."""

from __future__ import annotations

import json
import random
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.brokers.client import Odd

STEADY = "steady"
"""The tenant whose credit never expires, so that its books follow from the order alone."""

BRIEF = "brief"
"""The tenant whose credit expires within seconds, so that expiry runs collide with everything."""

BRIEF_SHARE = 0.1
REMEMBERED = 3_000
RUBBISH = (b"", b"not json %d", b'{"specversion": "1.0", "id": "%d"}', b"\xff%d", b"[%d]")


@dataclass(frozen=True, slots=True)
class Sent:
    """One message as the publisher's journal has it."""

    body: bytes
    is_bad: bool = False


class Load:
    """An endless load; the same seed gives the same messages, their times aside."""

    def __init__(self, seed: int, accounts: int) -> None:
        self._seed, self._accounts = seed, accounts
        self._random = random.Random(seed)
        self._number = 0
        self._good: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        self._invoices: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)

    def take(self, number: int) -> list[Sent]:
        """The next messages."""
        return [self._next() for _ in range(number)]

    def _next(self) -> Sent:
        self._number += 1
        share = self._random.random()
        if share < 0.02:
            return self._rubbish()
        if share < 0.07 and self._good:
            return Sent(_encoded(self._random.choice(self._good)))
        if share < 0.08 and self._good:
            return self._conflict()
        message = self._message()
        self._good.append(message)
        return Sent(_encoded(message))

    def _rubbish(self) -> Sent:
        if self._random.random() < 0.2:
            return Sent(Odd(b"%d" % self._number), is_bad=True)
        pattern = self._random.choice(RUBBISH)
        return Sent(pattern % self._number if b"%d" in pattern else pattern, is_bad=True)

    def _conflict(self) -> Sent:
        original = self._random.choice(self._good)
        data = {**original["data"], "note": f"another body {self._number}"}
        if "amount" in data:
            data["amount"] += 1
        else:
            data["invoice"] += "x"
        return Sent(_encoded({**original, "data": data}), is_bad=True)

    def _message(self) -> dict[str, Any]:
        tenant = BRIEF if self._random.random() < BRIEF_SHARE else STEADY
        # Squared, so that some accounts are hot and meet themselves in every batch.
        customer = f"cus{int(self._random.random() ** 2 * self._accounts)}"
        share = self._random.random()
        if share < 0.25:
            return self._grant(tenant, customer)
        if share < 0.4:
            amount = self._random.randrange(1, 3_000)
            return self._event("credit.deduct", tenant, customer, amount=amount)
        if share < 0.5 and self._invoices:
            return self._void(self._random.choice(self._invoices)["data"])
        invoice, due = f"inv{self._number}", self._random.randrange(0, 5_000)
        message = self._event("invoice.created", tenant, customer, invoice=invoice, amount_due=due)
        self._invoices.append(message)
        return message

    def _void(self, of: dict[str, Any]) -> dict[str, Any]:
        return self._event("invoice.voided", of["tenant"], of["customer"], invoice=of["invoice"])

    def _grant(self, tenant: str, customer: str) -> dict[str, Any]:
        terms: dict[str, Any] = {
            "amount": self._random.randrange(1, 20_000),
            "priority": self._random.choice((40, 50, 50, 60)),
            "category": self._random.choice(("paid", "promotional")),
        }
        if tenant == BRIEF:
            lasts = timedelta(seconds=self._random.uniform(5, 30))
            terms["expires_at"] = (datetime.now(UTC) + lasts).isoformat()
        return self._event("credit.grant", tenant, customer, **terms)

    def _event(self, kind: str, tenant: str, customer: str, **data: Any) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "id": f"{self._seed}-{self._number}",
            "source": "/faults",
            "type": kind,
            "time": datetime.now(UTC).isoformat(),
            "data": {"tenant": tenant, "customer": customer, "currency": "USD", **data},
        }


def _encoded(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()
