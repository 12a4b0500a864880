"""The load that is measured, and the books that it must leave.

Three opening grants for each account, then, of the messages: 5% repeat an earlier one byte for byte
(half of them a recent one), the rest are 80% invoice.created, 10% credit.grant, 10% credit.deduct.
Credit comes in about as fast as it goes out, and nothing expires during a run.
"""

from __future__ import annotations

import bisect
import hashlib
import itertools
import json
import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.end_to_end.model import Model

TENANT = "bench"
REPEATED = 0.05
RECENT = 200


@dataclass(frozen=True)
class Workload:
    """Messages in order, and what a reader of them in order must end with."""

    setup: list[bytes]
    messages: list[bytes]
    expected: Mapping[str, Any]


def read(folder: Path) -> Workload:
    """One that was made elsewhere: setup.jsonl, messages.jsonl and expect.json."""
    setup = (folder / "setup.jsonl").read_bytes().splitlines()
    messages = (folder / "messages.jsonl").read_bytes().splitlines()
    return Workload(setup, messages, json.loads((folder / "expect.json").read_text()))


def make(
    messages: int,
    *,
    accounts: int = 10_000,
    grants: int = 3,
    dist: str = "uniform",
    seed: int = 1,
    tenant: str = TENANT,
) -> Workload:
    """The same for the same seed, instants and what they bring about aside."""
    maker = _Maker(random.Random(seed), accounts, dist, tenant)
    setup = [maker.grant(account) for account in range(accounts) for _ in range(grants)]
    measured: list[bytes] = []
    while len(measured) < messages:
        measured.append(maker.message(measured))
    model = Model().take_all([*setup, *measured])
    digest = balances_sha256(model.balances)
    return Workload(setup, measured, {"balances_sha256": digest})


def balances_sha256(balances: Mapping[str, int]) -> str:
    """Over `customer:balance` lines, sorted by customer."""
    listing = "\n".join(f"{customer}:{balances[customer]}" for customer in sorted(balances))
    return hashlib.sha256(listing.encode()).hexdigest()


class _Maker:
    def __init__(self, chance: random.Random, accounts: int, dist: str, tenant: str) -> None:
        self._chance, self._tenant = chance, tenant
        self._pick = _picker(chance, accounts, dist)
        self._now = datetime.now(UTC).replace(microsecond=0)

    def message(self, earlier: list[bytes]) -> bytes:
        chance = self._chance
        if earlier and chance.random() < REPEATED:
            start = max(0, len(earlier) - RECENT) if chance.random() < 0.5 else 0
            return earlier[chance.randrange(start, len(earlier))]
        share, account = chance.random(), self._pick()
        if share < 0.8:
            name, due = f"inv_{len(earlier):012d}", chance.randrange(100, 5_001)
            return self._event("invoice.created", account, invoice=name, amount_due=due)
        if share < 0.9:
            return self.grant(account)
        return self._event("credit.deduct", account, amount=chance.randrange(50, 1_001))

    def grant(self, account: int) -> bytes:
        chance = self._chance
        terms: dict[str, Any] = {
            "amount": chance.randrange(5_000, 37_001),
            "category": chance.choice(("promotional", "paid")),
            "priority": chance.choice((50, 50, 50, 60, 70)),
        }
        if chance.random() >= 0.2:
            expires_at = self._now + timedelta(days=3_650 + chance.randrange(1_000))
            terms["expires_at"] = expires_at.isoformat()
        return self._event("credit.grant", account, **terms)

    def _event(self, kind: str, account: int, **data: Any) -> bytes:
        named = {"tenant": self._tenant, "customer": f"cus_{account}", "currency": "USD", **data}
        event = {
            "specversion": "1.0",
            "id": str(uuid.UUID(int=self._chance.getrandbits(128), version=4)),
            "source": "/bench",
            "type": kind,
            "time": self._now.isoformat(),
            "data": named,
        }
        return json.dumps(event, separators=(",", ":")).encode()


def _picker(chance: random.Random, accounts: int, dist: str) -> Callable[[], int]:
    """Picks account numbers; with zipf, the hot ones are scattered."""
    if dist == "uniform":
        return lambda: chance.randrange(accounts)
    order = list(range(accounts))
    chance.shuffle(order)
    weights = list(itertools.accumulate(1 / (rank + 1) for rank in range(accounts)))
    return lambda: order[bisect.bisect_left(weights, chance.random() * weights[-1])]
