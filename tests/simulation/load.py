"""Messages that get in each other's way: few accounts, few ids, and a share of bad ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from domain.identity import AccountKey
from domain.settings import TenantSettings
from tests.simulation.authors import CUSTOMERS, KINDS, PLANS, Author
from tests.simulation.names import Found, Names

Event = dict[str, Any]

CURRENCIES = ("USD", "JPY", "TOK")
_ALIKE = TenantSettings(
    version=1,
    plan="basic",
    tolerances={plan: dict.fromkeys(CURRENCIES, 25) for plan in PLANS},
    units={"TOK": 3},
)
SETTINGS = {
    "acme": replace(_ALIKE, late_window=timedelta(seconds=30)),
    "beta": replace(_ALIKE, late_window=timedelta(seconds=5), order="lago"),
}
"""What the tenants have set before their first message."""
REPEATS, CONFLICTS, MALFORMED, POISON = 0.10, 0.02, 0.02, 0.02
POISONED = "poison"
"""The note of a message that a test makes impossible to decide."""


class Load:
    """Makes messages, and remembers what ought to become of them."""

    def __init__(
        self, random: Random, look_up: Callable[[AccountKey], Found], poisoned: bool
    ) -> None:
        self._random, self._look_up, self._poisoned = random, look_up, poisoned
        self._accounts = [
            AccountKey(tenant, customer, currency)
            for tenant in SETTINGS
            for customer in CUSTOMERS[: random.randint(1, 2)]
            for currency in random.sample(CURRENCIES, 2)
        ]
        self._names = Names(random)
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
        account = self._random.choice(self._accounts)
        author = Author(self._random, self._names, account, now, self._look_up(account))
        kind = self._kind(author)
        return {
            "specversion": "1.0",
            "id": f"m{len(self.firsts)}",
            "source": self._random.choice(("shop", "crm")),
            "type": kind,
            "time": author.instant(-60, 1),
            "data": {**account._asdict(), **KINDS[kind].write(author)},
        }

    def _kind(self, author: Author) -> str:
        """Mostly one for which there is something to act on."""
        while True:
            kind = self._random.choices(list(KINDS), [kind.often for kind in KINDS.values()])[0]
            about = KINDS[kind].about
            if about is None or author.found[about] or self._random.random() < 0.1:
                return kind


def _bytes(event: Event) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode()
