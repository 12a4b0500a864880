"""What the reference remembers: plain records, and one row written at a time.

tests/reference states design.md a second time, from that page alone and as plainly as it goes.
It shares no code with what it is compared with; where the page is silent, AMBIGUOUS.md decides.
Amounts are integers of minor units throughout; instants are aware datetimes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

BALANCE_MAX = 9 * 10**15

Data = dict[str, Any]
"""A message's `data` after tests.reference.parsing."""
Key = tuple[str, str, str]
"""Tenant, customer, currency."""
Event = tuple[Any, ...]


class Refused(Exception):
    """A business refusal; its text is the reason."""


@dataclass(eq=False)
class Grant:
    id: str
    amount: int
    category: str
    priority: int
    effective_at: datetime | None
    expires_at: datetime | None
    scope: tuple[str, ...]
    seq: int
    remaining: int
    voided: bool = False
    named_by: tuple[bool, Data] = (False, {})  # whether the id was given, and what came (R7)

    def expired(self, t: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= t


@dataclass(eq=False)
class Use:
    """One allocation of an application or deduction, and how much of it was not given back."""

    seq: int
    grant: Grant
    invoice: Invoice | None
    line: str | None
    left: int


@dataclass(eq=False)
class Line:
    id: str
    product: str | None
    amount: int


@dataclass(eq=False)
class WriteOff:
    id: str
    named_by: tuple[bool, Data]
    invoice: Invoice
    line: str | None
    amount: int
    reversed: bool = False


@dataclass(eq=False)
class Invoice:
    id: str
    status: str
    issued_at: datetime
    amount_due: int = 0
    auto_apply: bool | None = None
    lines: list[Line] = field(default_factory=list)
    created_from: Data | None = None  # the first invoice.created that named it (R7)
    unseen: bool = False  # only heard of as paid or void, its amount not known (R8)
    uses: list[Use] = field(default_factory=list)
    write_offs: list[WriteOff] = field(default_factory=list)

    def credited(self) -> int:
        """Customers' credit on it, without write-offs."""
        return sum(use.left for use in self.uses)

    def applied(self) -> int:
        return self.credited() + sum(w.amount for w in self.write_offs if not w.reversed)

    def due(self) -> int:
        return 0 if self.status in {"paid", "void"} else self.amount_due - self.applied()

    def applied_on(self, line: str | None) -> int:
        written_off = (w.amount for w in self.write_offs if w.line == line and not w.reversed)
        return sum(use.left for use in self.uses if use.line == line) + sum(written_off)


@dataclass(eq=False)
class Hold:
    id: str
    made_from: Data
    expires_at: datetime | None
    parts: list[tuple[Grant, int]]
    ended: bool = False

    def reserves(self, t: datetime) -> bool:
        return not self.ended and (self.expires_at is None or self.expires_at > t)


@dataclass
class Receipt:
    type: str
    body: Data
    outcome: str
    reason: str | None
    repeats: int = 0
    conflicts: int = 0


@dataclass
class Tenant:
    settings: Data = field(default_factory=dict)

    def late_window(self) -> timedelta:
        return timedelta(seconds=self.settings.get("late_window", 3600))


@dataclass(eq=False)
class Account:
    key: Key
    tenant: Tenant
    clock: datetime  # the latest `now`; never goes back
    business: datetime  # the latest t; what a hold's expiry is measured by
    balance: int = 0
    entries: list[Data] = field(default_factory=list)
    grants: dict[str, Grant] = field(default_factory=dict)
    external: dict[str, Grant] = field(default_factory=dict)
    uses: dict[int, list[Use]] = field(default_factory=dict)  # by the entry's seq
    invoices: dict[str, Invoice] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    transfers: dict[str, Data] = field(default_factory=dict)
    write_offs: dict[str, WriteOff] = field(default_factory=dict)
    receipts: dict[tuple[str, str], Receipt] = field(default_factory=dict)
    settings: Data = field(default_factory=dict)

    def setting(self, name: str, default: Any) -> Any:
        return self.settings.get(name, self.tenant.settings.get(name, default))

    def write(
        self,
        kind: str,
        parts: list[tuple[str, str | None, int]],
        invoice: Invoice | None = None,
    ) -> int:
        """One row of `(grant, line, signed amount)`, equal pairs as one allocation; its seq."""
        pairs: dict[tuple[str, str | None], int] = {}
        for grant, line, amount in parts:
            pairs[grant, line] = pairs.get((grant, line), 0) + amount
        self.balance += sum(pairs.values())
        entry = {
            "seq": len(self.entries) + 1,
            "kind": kind,
            "amount": sum(pairs.values()),
            "balance": self.balance,
            "invoice": invoice.id if invoice else None,
            "allocations": [{"grant": g, "line": n, "amount": a} for (g, n), a in pairs.items()],
        }
        self.entries.append(entry)
        return len(self.entries)


@dataclass
class Now:
    """The message in hand: its account, its instants, and what it publishes beside the balance."""

    account: Account
    id: str
    time: datetime  # as sent
    t: datetime  # kept within [now - late_window, now]
    events: list[Event] = field(default_factory=list)
    departures: list[tuple[str, str, list[tuple[Grant, int]]]] = field(default_factory=list)

    def credited(self, invoice: Invoice, why: str) -> None:
        amounts = (invoice.amount_due, invoice.applied(), invoice.due())
        self.events.append(("invoice.credited", invoice.id, *amounts, why))
