"""The `data` of one random message of each kind, mostly such that it can be carried out.

Each maker looks at the account as the reference sees it and picks what exists; about one choice in
ten is wild. A maker that finds nothing to act on gives None. Amounts are minor units here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

from tests.reference.book import Account, Data, Invoice
from tests.reference.using import available

PRODUCTS = ("api", "seats", "storage")
PROFILES = ("standard", "openmeter", "lago", "orb", "metronome", "flexprice", "fifo")
DECIMALS = {"JPY": 0, "USD": 2, "KWD": 3}
EAST = timezone(timedelta(hours=2))


def rfc3339(rng: Random, instant: datetime) -> str:
    """Mostly with Z, sometimes the same instant with another offset."""
    if rng.random() < 0.1:
        return instant.astimezone(EAST).isoformat()
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass
class View:
    """What a maker may look at."""

    rng: Random
    account: Account
    now: datetime
    customers: tuple[str, ...]
    size: int

    def wild(self) -> bool:
        return self.rng.random() < 0.1

    def some(self, *, of: int) -> int:
        """1 to `of`, now and then more than that."""
        return self.rng.randint(1, 2 * of + 5) if self.wild() else self.rng.randint(1, max(1, of))

    def soon(self, *, wild: bool = True) -> datetime:
        """On the grid of ten seconds that `now` is on too, so that instants often meet."""
        first = -60 if wild and self.wild() else 1
        return self.now + timedelta(seconds=10 * self.rng.randint(first, 600))

    def when(self, instant: datetime) -> str:
        return rfc3339(self.rng, instant)

    def new_or(self, letter: str, known: dict[str, Any]) -> str:
        """A new business id; in one of twenty cases any, so that ids collide."""
        if self.rng.random() < 0.05:
            return f"{letter}{self.rng.randint(1, len(known) + 1)}"
        number = len(known) + 1
        while f"{letter}{number}" in known:
            number += 1
        return f"{letter}{number}"

    def one_of(self, letter: str, fit: list[str], known: dict[str, Any]) -> str | None:
        """One of the latest that fit, now and then any that is known, or any name."""
        if self.wild():
            name = f"{letter}{self.rng.randint(1, 99)}"
            return name if self.rng.random() < 0.3 else self.rng.choice([*known, name])
        return self.rng.choice(fit[-12:]) if fit else None

    def open_invoices(self) -> list[Invoice]:
        return [i for i in self.account.invoices.values() if i.status == "open" and i.due()]


def lines(view: View, amount_due: int, names: list[str]) -> list[Data]:
    """Lines that sum to amount_due, a discount among them now and then."""
    rng, left = view.rng, amount_due
    made: list[Data] = []
    for name in names[:-1]:
        amount = rng.randint(0, left) if rng.random() < 0.85 else -rng.randint(1, 20)
        left -= amount
        made.append({"id": name, "amount": amount})
    made.append({"id": names[-1], "amount": left})
    for line in made:
        if rng.random() < 0.8:
            line["product"] = rng.choice(PRODUCTS)
    rng.shuffle(made)
    return made


def grant(view: View) -> Data:
    rng = view.rng
    data: Data = {"amount": rng.randint(1, view.size)}
    if rng.random() < 0.7:
        data["grant"] = view.new_or("g", view.account.grants)
    if rng.random() < 0.15:
        data["external_id"] = view.new_or("x", view.account.external)
    if rng.random() < 0.5:
        data["category"] = rng.choice(("paid", "promotional"))
    if rng.random() < 0.4:
        data["priority"] = rng.choice((0, 10, 50, 50, 100))
    if rng.random() < 0.55:
        data["expires_at"] = view.when(view.soon())
    if rng.random() < 0.15:
        begins = view.now + timedelta(seconds=10 * rng.randint(-60, 40))
        if "expires_at" not in data or begins < datetime.fromisoformat(data["expires_at"]):
            data["effective_at"] = view.when(begins)
    if rng.random() < 0.25:
        data["scope"] = rng.sample(PRODUCTS, rng.randint(1, 3))
    if rng.random() < 0.1:
        first = rng.randint(0, data["amount"])
        amounts = [amount for amount in (first, data["amount"] - first) if amount]
        data["line_items"] = [
            {"id": f"l{n}", "ledger_account": "revenue", "amount": amount}
            for n, amount in enumerate(amounts)
        ]
    return data


def deduct(view: View) -> Data | None:
    free = available(view.account, view.now)
    if not free and not view.wild():
        return None
    data: Data = {"amount": view.some(of=min(free, view.size) // 2)}
    if view.rng.random() < 0.3:
        data["product"] = view.rng.choice(PRODUCTS)
    if view.rng.random() < 0.15:
        name = view.one_of("g", list(view.account.grants), view.account.grants)
        data.update({"grant": name} if name else {})
    return data


def created(view: View) -> Data:
    rng = view.rng
    due = 0 if rng.random() < 0.05 else rng.randint(1, view.size)
    data: Data = {"invoice": view.new_or("i", view.account.invoices), "amount_due": due}
    if rng.random() < 0.35:
        data["lines"] = lines(view, due, [f"l{n}" for n in range(1, rng.randint(2, 5))])
    if rng.random() < 0.2:
        data["status"] = rng.choice(("draft", "open", "payment_pending"))
    if rng.random() < 0.15:
        data["auto_apply"] = rng.random() < 0.5
    if rng.random() < 0.3:
        data["issued_at"] = view.when(view.now - timedelta(seconds=10 * rng.randint(-3, 400)))
    return data


def updated(view: View) -> Data | None:
    rng, account = view.rng, view.account
    live = [i.id for i in account.invoices.values() if i.status not in {"paid", "void"}]
    name = (
        view.new_or("i", account.invoices)
        if view.wild()
        else view.one_of("i", live, account.invoices)
    )
    if name is None:
        return None
    data: Data = {"invoice": name}
    before = account.invoices.get(name)
    if rng.random() < 0.8:
        data["amount_due"] = rng.randint(0, 2 * (before.amount_due if before else 100))
        if before and before.lines:
            kept = [line.id for line in before.lines if rng.random() < 0.9]
            added = [] if kept and rng.random() < 0.7 else [view.new_or("n", dict.fromkeys(kept))]
            names = list(dict.fromkeys([*kept, *added]))
            data["lines"] = lines(view, data["amount_due"], names)
    if rng.random() < 0.4 or "amount_due" not in data:
        data["status"] = rng.choice(("open", "open", "open", "draft", "payment_pending"))
    return data


def settled(view: View) -> Data | None:
    """invoice.voided and invoice.paid; one in ten for an invoice that has not come yet."""
    if view.wild():
        return {"invoice": view.new_or("i", view.account.invoices)}
    name = view.one_of("i", list(view.account.invoices), view.account.invoices)
    return {"invoice": name} if name else None


def configure(view: View) -> Data:
    rng, data = view.rng, dict[str, Any]()
    while not data:
        if rng.random() < 0.4:
            data["auto_apply"] = rng.random() < 0.8
        if rng.random() < 0.5:
            data["apply_to_open_invoices"] = rng.random() < 0.6
        if rng.random() < 0.3:
            data["plan"] = rng.choice(("basic", "gold", "gold", "none"))
    return data


def configure_tenant(view: View) -> Data:
    data = configure(view)
    if view.rng.random() < 0.5:
        data["order"] = view.rng.choice(PROFILES)
    if view.rng.random() < 0.5:
        data["late_window"] = view.rng.choice((0, 60, 600, 3600, 3600))
    if view.rng.random() < 0.7 or not view.account.tenant.settings.get("tolerances"):
        data["plan"] = view.rng.choice(("basic", "gold"))
        data["tolerances"] = {
            "basic": {currency: view.rng.randint(5, 20) for currency in DECIMALS},
            "gold": {currency: view.rng.randint(20, 100) for currency in DECIMALS},
        }
    return data


Maker = Callable[[View], Data | None]
