"""The data of one random message of each kind, about what earlier messages have named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from domain.fields import rfc3339
from domain.identity import AccountKey
from domain.order import PROFILES
from tests.simulation.names import Found, Names

Data = dict[str, Any]

CUSTOMERS = ("c0", "c1")
PRODUCTS = ("api", "storage", "seat")
PLANS = ("basic", "gold")
LETTERS = {"grants": "g", "invoices": "i", "owing": "i", "holds": "h", "writeoffs": "w"}


@dataclass(frozen=True)
class Author:
    """Writes to one account, once."""

    random: Random
    names: Names
    account: AccountKey
    now: datetime
    found: Found

    def instant(self, earliest: float, latest: float) -> str:
        """An instant so many seconds from now."""
        return rfc3339(self.now + timedelta(seconds=self.random.uniform(earliest, latest)))

    def maybe(self, chance: float, **fields: Any) -> Data:
        """Some fields, or none."""
        return fields if self.random.random() < chance else {}

    def amount(self, at_most: int) -> int:
        """Minor units, more than nothing."""
        return self.random.randint(1, at_most)

    def new(self, letter: str) -> str:
        """The name of something that begins."""
        return self.names.new(self.account, letter)

    def known(self, what: str) -> str:
        """The name of one of the things that were found, now and then of any other."""
        found = self.found[what]
        if found and self.random.random() < 0.85:
            return self.random.choice(found)
        return self.names.any(self.account, LETTERS[what])

    def grant(self) -> Data:
        """credit.grant."""
        return {
            "amount": self.amount(900),
            "priority": self.random.choice((10, 50, 50, 90)),
            "category": self.random.choice(("paid", "promotional")),
            **({"grant": self.new("g")} if self.random.random() < 0.7 else {}),
            **self.maybe(0.1, external_id=f"x{self.random.randint(1, 99)}"),
            **self.maybe(0.5, expires_at=self.instant(-5, 120)),
            **self.maybe(0.2, effective_at=self.instant(-60, -5)),
            **self.maybe(0.3, scope=self.random.sample(PRODUCTS[:2], self.random.randint(1, 2))),
        }

    def deduct(self) -> Data:
        """credit.deduct."""
        return {
            "amount": self.amount(120),
            **self.maybe(0.2, grant=self.known("grants")),
            **self.maybe(0.3, product=self.random.choice(PRODUCTS)),
        }

    def lines(self, names: str) -> tuple[int, list[Data]]:
        """Up to four lines, the last of several a discount, and their sum."""
        amounts = [self.amount(300) for _ in range(self.random.randint(0, 4))]
        if len(amounts) > 2:
            amounts[-1] = -self.random.randint(1, sum(amounts[:-1]))
        return sum(amounts), [
            {"id": f"{names}{place}", "amount": amount, "product": self.random.choice(PRODUCTS)}
            for place, amount in enumerate(amounts)
        ]

    def invoice(self) -> Data:
        """invoice.created."""
        total, lines = self.lines("l")
        return {
            "invoice": self.new("i"),
            "amount_due": total if lines else self.random.randint(0, 600),
            **({"lines": lines} if lines else {}),
            **self.maybe(0.5, issued_at=self.instant(-90, 1)),
            **self.maybe(0.3, auto_apply=self.random.random() < 0.3),
            **self.maybe(0.05, status=self.random.choice(("draft", "payment_pending"))),
        }

    def update(self) -> Data:
        """invoice.updated: another amount, another status, or both."""
        total, lines = self.lines(self.random.choice("lln"))
        amount = (
            {"amount_due": total, "lines": lines} if lines else {"amount_due": self.amount(600)}
        )
        status = {"status": self.random.choice(("open", "open", "open", "draft"))}
        fields = self.random.choice((amount, status, {**amount, **status}))
        return {"invoice": self.known("invoices"), **fields}

    def settled(self) -> Data:
        """invoice.voided, invoice.paid."""
        return {"invoice": self.known("invoices")}

    def apply(self) -> Data:
        """credit.apply."""
        return {
            "invoice": self.known("owing"),
            **self.maybe(0.3, amount=self.amount(60)),
            **self.maybe(0.2, grant=self.known("grants")),
        }

    def reverse(self) -> Data:
        """credit.reverse, mostly a part."""
        uses = self.found["uses"]
        by_entry = uses and self.random.random() < 0.7
        entry = {"entry": int(self.random.choice(uses[-4:]))} if by_entry else {}
        return {
            **(entry or {"invoice": self.known("invoices")}),
            **self.maybe(0.8, amount=self.amount(60)),
        }

    def void(self) -> Data:
        """credit.void."""
        return {"grant": self.known("grants")}

    def amend(self) -> Data:
        """credit.amend."""
        return {
            "grant": self.known("grants"),
            **self.maybe(0.6, expires_at=self.instant(-2, 120)),
            **self.maybe(0.6, priority=self.random.choice((0, 50, 100))),
        }

    def hold(self) -> Data:
        """credit.hold, mostly for a short time."""
        return {
            "hold": self.new("h"),
            "amount": self.amount(150),
            **self.maybe(0.8, expires_at=self.instant(1, 40)),
        }

    def capture(self) -> Data:
        """credit.capture, as a deduction or on an invoice."""
        return {
            "hold": self.known("holds"),
            **self.maybe(0.4, amount=self.amount(60)),
            **self.maybe(0.4, invoice=self.known("owing")),
        }

    def release(self) -> Data:
        """credit.release."""
        return {"hold": self.known("holds")}

    def transfer(self) -> Data:
        """credit.transfer to the other customer: to oneself it would be malformed."""
        (other,) = set(CUSTOMERS) - {self.account.customer}
        return {"transfer": self.new("t"), "to_customer": other, "amount": self.amount(150)}

    def shortfall(self) -> Data:
        """payment.shortfall."""
        return {
            "invoice": self.known("owing"),
            "shortfall": self.amount(26),
            "writeoff": self.new("w"),
            **self.maybe(0.3, plan=self.random.choice(PLANS)),
        }

    def reverse_writeoff(self) -> Data:
        """writeoff.reverse."""
        return {"writeoff": self.known("writeoffs")}

    def configure(self) -> Data:
        """account.configure."""
        return {
            **self.maybe(0.3, auto_apply=self.random.random() < 0.8),
            **self.maybe(0.5, apply_to_open_invoices=self.random.random() < 0.6),
            **self.maybe(0.4, low_balance=self.random.randint(0, 300)),
            **self.maybe(0.3, plan=self.random.choice(PLANS)),
        }

    def configure_tenant(self) -> Data:
        """tenant.configure."""
        limits = {plan: {self.account.currency: self.amount(40)} for plan in PLANS}
        return {
            **self.configure(),
            **self.maybe(0.5, order=self.random.choice(tuple(PROFILES))),
            **self.maybe(0.5, late_window=self.random.choice((0, 5, 30))),
            **self.maybe(0.2, tolerances=limits),
        }


class Recipe(NamedTuple):
    """Who writes a type's data, how often, and what there should be to write about."""

    write: Callable[[Author], Data]
    often: float
    about: str | None = None


KINDS = {
    "credit.grant": Recipe(Author.grant, 22),
    "credit.deduct": Recipe(Author.deduct, 11),
    "invoice.created": Recipe(Author.invoice, 18),
    "invoice.updated": Recipe(Author.update, 6, "invoices"),
    "invoice.voided": Recipe(Author.settled, 4),
    "invoice.paid": Recipe(Author.settled, 2),
    "credit.apply": Recipe(Author.apply, 6, "owing"),
    "credit.reverse": Recipe(Author.reverse, 7, "uses"),
    "credit.void": Recipe(Author.void, 2, "grants"),
    "credit.amend": Recipe(Author.amend, 4, "grants"),
    "credit.hold": Recipe(Author.hold, 9),
    "credit.capture": Recipe(Author.capture, 6, "holds"),
    "credit.release": Recipe(Author.release, 2, "holds"),
    "credit.transfer": Recipe(Author.transfer, 5),
    "payment.shortfall": Recipe(Author.shortfall, 6, "owing"),
    "writeoff.reverse": Recipe(Author.reverse_writeoff, 4, "writeoffs"),
    "account.configure": Recipe(Author.configure, 2),
    "tenant.configure": Recipe(Author.configure_tenant, 1),
}
