"""Customers' lives in memory, on the messages' own clock, and the statements of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from domain.books import Books
from domain.credit import GrantDetails
from domain.order import PROFILES
from tests.cli.messages import message
from tests.cli.standings import later_than
from worker.cli.statement_read import Asked, Told, statement_of
from worker.codec import Codec
from worker.expiry import expire_due
from worker.memory.clock import MemoryClock
from worker.memory.store import MemoryStore
from worker.ports import Delivery
from worker.process import read_batch, settle
from worker.state import books_in_memory
from worker.statement.account import AccountStatement

START = datetime.fromisoformat("2026-01-05T09:30:00Z")
NAME = "Ada & <script>alert('x')</script> Ltd"
LONG = "x" * 255


class Life:
    """An installation in memory; expiry runs before each message."""

    def __init__(self) -> None:
        self.now = START
        self._clock = MemoryClock(START)
        self._store = MemoryStore(self._clock)

    def send(self, day: float, kind: str, name: str, **data: Any) -> None:
        """A message of `NAME`, unless it says otherwise, so many days after the start."""
        self.wait(day)
        event = message(kind, name, time=self.now.isoformat(), **{"customer": NAME, **data})
        settle(
            read_batch([Delivery("", json.dumps(event).encode())], Codec().decode),
            self._store,
            None,
        )

    def wait(self, day: float) -> None:
        """Time passes."""
        self.now = START + timedelta(days=day)
        self._clock.set(self.now)
        expire_due(self._store)

    def statements(
        self, customer: str = NAME, at: datetime | None = None, since: datetime | None = None
    ) -> list[AccountStatement]:
        """Of one customer, by currency; all of the ledger, or what came since."""
        asked = Asked(since, at or self.now)
        books = (one for one in books_in_memory(self._store) if one.key.customer == customer)
        return [
            statement_of(one, told(one, asked), PROFILES["standard"], asked, self.now)
            for one in sorted(books, key=lambda one: one.key.currency)
        ]


def told(books: Books, asked: Asked) -> Told:
    """What a statement tells of an account, read from memory."""
    later = later_than(asked.at, books.seq, books.entries)
    by_then = books.entries[: later.seq]
    before = [entry for entry in by_then if asked.since and entry.recorded_at < asked.since]
    ledger = by_then[len(before) :]
    named = {entry.invoice for entry in ledger}
    return Told(
        ledger=ledger,
        before=before[-1] if before else None,
        earlier=[entry for entry in before if entry.invoice and entry.invoice in named],
        then=later,
        details={grant.grant: grant.details or GrantDetails() for grant in books.grants},
    )


def after(days: float) -> str:
    """So many days after the start."""
    return (START + timedelta(days=days)).isoformat()


def busy_life() -> Life:
    """A bit of everything, in two currencies."""
    life = Life()
    life.send(0, "tenant.configure", "conf", tolerances={"pro": {"USD": 500}}, units={"TOKENS": 0})
    life.send(1, "credit.grant", "g1", grant="prepaid", amount="12500.00",
              note="Top-up <b>PO-7</b>", created_by="eve@example.com")  # fmt: skip
    life.send(3, "credit.grant", "g2", grant="welcome", amount="500.00", category="promotional",
              priority=10, expires_at=after(45))  # fmt: skip
    life.send(4, "credit.grant", "g3", grant=LONG, amount="1000.00", scope=["api"],
              expires_at=after(230))  # fmt: skip
    for number in range(6):
        invoice = f"INV-{number}"
        life.send(8 + number * 13, "invoice.created", invoice, invoice=invoice,
                  amount_due=10_000 + number * 3_111)  # fmt: skip
    life.send(80, "invoice.updated", "less", invoice="INV-4", amount_due=9_000, note="a seat less")
    life.send(81, "invoice.voided", "void", invoice="INV-5")
    life.send(82, "credit.hold", "hold", hold="q3", amount="1200.00", expires_at=after(300))
    life.send(83, "credit.grant", "g4", grant="later", amount="300.00", effective_at=after(120))
    life.send(84, "credit.transfer", "t", transfer="t", to_customer="Bob", amount="100.00")
    life.send(85, "invoice.created", "big", invoice="BIG", amount_due="15000.00")
    for name, shortfall in (("off", "3.10"), ("again", "2.00")):
        life.send(86, "payment.shortfall", name, invoice="BIG", shortfall=shortfall, plan="pro")
        life.send(87, "writeoff.reverse", f"{name} back", writeoff=name)
    life.send(88, "payment.shortfall", "last", invoice="BIG", shortfall="1.50", plan="pro")
    life.send(89, "credit.grant", "g5", grant="top-up", amount="2500.00", expires_at=after(150))
    life.send(90, "credit.grant", "y1", grant="yen", amount=1_250_000, currency="JPY")
    life.send(91, "invoice.created", "y2", invoice="J-1", amount_due=345_600, currency="JPY")
    return life


def lives() -> Iterator[list[AccountStatement]]:
    """Statements of very different lives."""
    life = busy_life()
    yield life.statements()
    yield life.statements(at=START + timedelta(days=50))
    yield life.statements(at=START + timedelta(days=500))
    yield life.statements("Bob")
    fresh = Life()
    fresh.send(0, "invoice.created", "i", invoice="i", amount_due=5)
    yield fresh.statements()
    fresh.send(0, "credit.grant", "g", grant="g", amount=9 * 10**14, expires_at=after(90))
    yield fresh.statements()
    fresh.wait(90.01)
    yield fresh.statements()
