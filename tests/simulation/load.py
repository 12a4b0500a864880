"""Messages that get in each other's way: few accounts, few ids, and a share of bad ones."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from random import Random
from typing import Any

from domain.account import TenantSettings
from domain.fields import rfc3339
from domain.identity import AccountKey

Event = dict[str, Any]

SETTINGS = {
    "acme": TenantSettings(version=1, late_window=timedelta(seconds=30)),
    "beta": TenantSettings(version=1, late_window=timedelta(seconds=5), order="lago"),
}
PRODUCTS = ("api", "storage", "seat")
REPEATS, CONFLICTS, MALFORMED, POISON = 0.10, 0.02, 0.02, 0.02
POISONED = "poison"
"""The note of a message that a test makes impossible to decide."""


class Load:
    """Makes messages, and remembers what ought to become of them."""

    def __init__(self, random: Random, poisoned: bool = False) -> None:
        self._random, self._poisoned = random, poisoned
        self._accounts = [
            AccountKey(tenant, f"c{number}", currency)
            for tenant in SETTINGS
            for number in range(random.randint(1, 2))
            for currency in ("USD", "JPY")
        ]
        self._named: Counter[tuple[AccountKey, str]] = Counter()
        self.firsts: list[Event] = []
        """Every well-formed message once, as it came first."""
        self.bad: set[bytes] = set()
        """The bytes that belong in quarantine."""

    def message(self, now: datetime) -> bytes:
        """The next message, which may be one that came before."""
        kind = self._random.random()
        if self.firsts and kind < REPEATS:
            return self._repeat()
        if self.firsts and kind < REPEATS + CONFLICTS:
            return self._set_aside(self._conflict())
        event = self._event(now)
        if kind > 1 - MALFORMED:
            return self._set_aside(self._spoilt(event))
        if self._poisoned and kind > 1 - MALFORMED - POISON:
            return self._set_aside(_bytes({**event, "data": {**event["data"], "note": POISONED}}))
        self.firsts.append(event)
        return _bytes(event)

    def _set_aside(self, raw: bytes) -> bytes:
        self.bad.add(raw)
        return raw

    def _earlier(self) -> Event:
        recent = self.firsts[-20:] if self._random.random() < 0.7 else self.firsts
        return self._random.choice(recent)

    def _repeat(self) -> bytes:
        """The same message, sometimes written otherwise."""
        event = self._earlier()
        if self._random.random() < 0.5:
            return _bytes(event)
        return json.dumps(event, indent=1, sort_keys=True).encode()

    def _conflict(self) -> bytes:
        """The same id with something else in it."""
        event = self._earlier()
        return _bytes({**event, "data": {**event["data"], "note": f"{self._random.random()}"}})

    def _spoilt(self, event: Event) -> bytes:
        spoilt = self._random.choice(
            [
                {**event, "type": "invoice.shredded"},
                {**event, "time": "yesterday"},
                {**event, "data": {**event["data"], "currency": "XXX"}},
                {**event, "data": {**event["data"], "colour": "red"}},
                {**event, "data": {**event["data"], "amount": 1.5}},
            ]
        )
        raw = _bytes(spoilt)
        return raw[:-5] if self._random.random() < 0.3 else raw

    def _event(self, now: datetime) -> Event:
        makers = (self._grant, self._invoice, self._deduct, self._void)
        make = self._random.choices(makers, (30, 35, 20, 15))[0]
        account = self._random.choice(self._accounts)
        data = {**account._asdict(), **make(account, now)}
        return {
            "specversion": "1.0",
            "id": f"m{len(self.firsts)}",
            "source": self._random.choice(("shop", "crm")),
            "type": data.pop("type"),
            "time": self._instant(now, -60, 1),
            "data": data,
        }

    def _instant(self, now: datetime, earliest: float, latest: float) -> str:
        return rfc3339(now + timedelta(seconds=self._random.uniform(earliest, latest)))

    def _maybe(self, chance: float, **fields: Any) -> Event:
        return fields if self._random.random() < chance else {}

    def _name(self, account: AccountKey, letter: str, fresh: float) -> str:
        """A new name, or one that the account knows already or will know soon."""
        if self._random.random() < fresh:
            self._named[account, letter] += 1
            return f"{letter}{self._named[account, letter]}"
        return f"{letter}{self._named[account, letter] + self._random.randint(-6, 2)}"

    def _grant(self, account: AccountKey, now: datetime) -> Event:
        scope = self._random.sample(PRODUCTS[:2], self._random.randint(1, 2))
        return {
            "type": "credit.grant",
            "amount": self._random.randint(1, 500),
            "priority": self._random.choice((10, 50, 50, 90)),
            "category": self._random.choice(("paid", "promotional")),
            **self._maybe(0.3, grant=self._name(account, "g", 0.8)),
            **self._maybe(0.2, external_id=self._name(account, "x", 0.8)),
            **self._maybe(0.5, expires_at=self._instant(now, -5, 120)),
            **self._maybe(0.2, effective_at=self._instant(now, -60, -5)),
            **self._maybe(0.4, scope=scope),
        }

    def _invoice(self, account: AccountKey, now: datetime) -> Event:
        amounts = [self._random.randint(1, 300) for _ in range(self._random.randint(0, 4))]
        if len(amounts) > 2:  # the last line is a discount
            amounts[-1] = -self._random.randint(1, sum(amounts[:-1]))
        lines = [
            {"id": f"l{place}", "amount": amount, "product": self._random.choice(PRODUCTS)}
            for place, amount in enumerate(amounts)
        ]
        return {
            "type": "invoice.created",
            "invoice": self._name(account, "i", 0.85),
            "amount_due": sum(amounts) if lines else self._random.randint(0, 600),
            **({"lines": lines} if lines else {}),
            **self._maybe(0.5, issued_at=self._instant(now, -90, 1)),
            **self._maybe(0.1, auto_apply=self._random.random() < 0.5),
            **self._maybe(0.05, status="draft"),
        }

    def _deduct(self, account: AccountKey, now: datetime) -> Event:  # noqa: ARG002 - a maker like the others
        return {
            "type": "credit.deduct",
            "amount": self._random.randint(1, 120),
            **self._maybe(0.2, grant=self._name(account, "g", 0.0)),
            **self._maybe(0.3, product=self._random.choice(PRODUCTS)),
        }

    def _void(self, account: AccountKey, now: datetime) -> Event:  # noqa: ARG002 - a maker like the others
        return {"type": "invoice.voided", "invoice": self._name(account, "i", 0.0)}


def _bytes(event: Event) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode()
