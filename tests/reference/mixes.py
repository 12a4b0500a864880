"""Random messages of every kind, well-formed, mostly carried out: the same seed, the same mix.

`mix(seed, length)` yields `(message, now)`, or `(None, now)` where the expiry run falls. Instants
lie on a grid of ten seconds, so that they often meet exactly. The customers are replaced from
time to time, so that accounts stay short enough for a reference that counts everything again.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.reference.book import Account, Data, Tenant
from tests.reference.ledger import Ledger
from tests.reference.mix_credit import MAKERS, whale
from tests.reference.mix_data import DECIMALS, View, rfc3339
from tests.reference.parsing import INSTANTS, MONEY

START = datetime(2026, 1, 1, tzinfo=UTC)
GENERATION = 4_000
"""Messages after which other customers take over."""
WHALE = "whale"
AT_HOME = frozenset({"credit.transfer", "invoice.updated"})
"""Types whose data may be malformed for another customer."""
OTHER_BODY = {"note": "not what was said before"}
Step = tuple[Data | None, datetime]


def shown(rng: Random, value: Any, decimals: int) -> Any:
    """Minor units as they are, or as a string with exactly the currency's decimals."""
    if rng.random() < 0.6:
        return value
    digits = str(abs(value)).rjust(decimals + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"


def amounts_shown(rng: Random, data: Data, decimals: int) -> Data:
    for name in MONEY & data.keys():
        data[name] = shown(rng, data[name], decimals)
    for item in (*data.get("lines", ()), *data.get("line_items", ())):
        item["amount"] = shown(rng, item["amount"], decimals)
    return data


@dataclass
class Mix:
    rng: Random
    without: frozenset[str] = frozenset()
    late: bool = True
    now: datetime = START
    count: int = 0
    ledger: Ledger = field(default_factory=Ledger)
    said: list[Data] = field(default_factory=list)

    def customers(self) -> tuple[str, ...]:
        generation = self.count // GENERATION
        return tuple(f"c{n}-{generation}" for n in (1, 2))

    def view(self, customer: str) -> View:
        tenant = self.rng.choice(("default", "acme", "acme", "globex"))
        currency = self.rng.choice(("USD", "USD", "JPY", "KWD"))
        if customer == WHALE:
            tenant, currency = "acme", "USD"
        key = (tenant, customer, currency)
        owner = self.ledger.tenants.get(tenant, Tenant())
        account = self.ledger.accounts.get(key) or Account(key, owner, self.now, self.now)
        return View(self.rng, account, self.now, self.customers(), self.rng.choice((50, 400)))

    def made(self) -> tuple[str, Data, View]:
        """A type and its data; until a tenant has its tolerances, those."""
        rng = self.rng
        if rng.random() < 0.007 and "credit.reverse" not in self.without:
            view = self.view(WHALE)
            return *whale(view), view
        kinds = [kind for kind in MAKERS if kind not in self.without]
        weights = [MAKERS[kind][1] for kind in kinds]
        while True:
            view = self.view(rng.choice(self.customers()))
            kind = rng.choices(kinds, weights)[0]
            if "tenant.configure" in kinds and not view.account.tenant.settings:
                kind = "tenant.configure"
            if (data := MAKERS[kind][0](view)) is not None:
                return kind, data, view

    def time(self) -> datetime:
        """Mostly a moment ago; late, very late or early now and then."""
        pick = self.rng.random()
        if not self.late or pick < 0.8:
            return self.now - timedelta(seconds=10 * self.rng.randint(0, 1))
        if pick < 0.95:
            return self.now - timedelta(seconds=10 * self.rng.randint(0, 360))
        return self.now + timedelta(seconds=10 * self.rng.randint(-900, 60))

    def envelope(self, kind: str, data: Data) -> Data:
        return {
            "specversion": "1.0",
            "id": f"m{self.count}",
            "source": self.rng.choice(("billing", "billing", "crm")),
            "type": kind,
            "time": rfc3339(self.rng, self.time()),
            "data": data,
        }

    def fresh(self) -> Data:
        kind, data, view = self.made()
        tenant, customer, currency = view.account.key
        names = {"customer": customer, "currency": currency}
        if tenant != "default" or self.rng.random() < 0.3:
            names["tenant"] = tenant
        message = self.envelope(
            kind, {**names, **amounts_shown(self.rng, data, DECIMALS[currency])}
        )
        if self.rng.random() < 0.05:
            message["data"]["created_by"] = self.rng.choice(("ann", {"type": "system", "id": "j"}))
        return message

    def again(self) -> Data:
        """A repeat, a conflict, the same business ids under a new id, or an id used elsewhere."""
        rng = self.rng
        message = copy.deepcopy(rng.choice(self.said[-60:]))
        pick = rng.random()
        if pick < 0.4:
            for name in INSTANTS & message["data"].keys():
                instant = datetime.fromisoformat(message["data"][name])
                message["data"][name] = rfc3339(rng, instant)
        elif pick < 0.55:
            message["data"].update(OTHER_BODY)
        elif pick < 0.9:
            message = self.envelope(message["type"], message["data"])
        elif message["type"] not in AT_HOME and message["data"]["customer"] != WHALE:
            message["data"]["customer"] = rng.choice(self.customers())
        return message

    def step(self) -> Step:
        """One step in forty is an expiry run, now and then after hours of quiet."""
        rng = self.rng
        self.now += timedelta(seconds=10 * rng.choice((0, 0, 1, 1, 2, 6)))
        if rng.random() < 0.002:
            self.now += timedelta(hours=rng.randint(1, 4))
        if rng.random() < 0.025:
            self.ledger.expire(self.now)
            return None, self.now
        self.count += 1
        message = self.again() if self.said and rng.random() < 0.08 else self.fresh()
        self.said = [*self.said[-60:], message]
        self.ledger.receive(message, self.now)
        return message, self.now


def mix(
    seed: int, length: int, *, without: frozenset[str] = frozenset(), late: bool = True
) -> Iterator[Step]:
    """`length` messages with the expiry runs between them.

    `without` leaves out types; with `late` false every message is on time.
    """
    made = Mix(Random(seed), without, late)
    while made.count < length:
        yield made.step()
