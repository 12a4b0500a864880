"""What an account holds, and how its entries move it.

`Account` is one account's working copy for the length of a batch. Decisions only read it;
`Account.post` is the single place where a balance, a grant or an invoice's credit changes.
"""

from bisect import insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from domain.identity import NIL, AccountKey, Id128
from domain.vocabulary import SIGN, Category, GrantState, InvoiceStatus, Kind

ALWAYS = datetime.min.replace(tzinfo=UTC)
NEVER = datetime.max.replace(tzinfo=UTC)


class Allocation(NamedTuple):
    """The part of an entry that touches one grant, and one invoice line where there are lines."""

    grant: str
    line: str | None
    amount: int


class Use(NamedTuple):
    """Credit that stands applied to an invoice; `seq` is the entry that applied it."""

    grant: str
    line: str | None
    amount: int
    seq: int


class GrantDetails(NamedTuple):
    """What a grant says beside its terms; no rule reads it."""

    memo: str | None
    sent_at: datetime | None
    reference_number: str | None
    line_items: tuple[Any, ...]


@dataclass(slots=True, eq=False)
class Grant:
    """A lot of credit. amount = used + expired + voided + moved + remaining (I6)."""

    grant: str
    seq: int
    amount: int
    remaining: int
    category: Category = Category.PAID
    priority: int = 50
    effective_at: datetime | None = None
    expires_at: datetime | None = None
    scope: tuple[str, ...] = ()
    used: int = 0
    expired: int = 0
    voided: int = 0
    moved: int = 0
    held: int = 0
    is_void: bool = False
    external_id: str | None = None
    named: bool = True
    """False when the grant's id is only its message's id, filled in by default."""
    terms: Id128 = NIL
    details: GrantDetails | None = None
    """What people read about the grant; only there while the grant is new."""
    begins: datetime = field(init=False)
    ends: datetime = field(init=False)
    is_paid: bool = field(init=False)
    """What the order of use compares, without the gaps: sorting is a third of deciding."""

    def __post_init__(self) -> None:
        self.begins = self.effective_at or ALWAYS
        self.ends = self.expires_at or NEVER
        self.is_paid = self.category is Category.PAID

    @property
    def is_unscoped(self) -> bool:
        """Whether it pays any line."""
        return not self.scope

    @property
    def products(self) -> tuple[bool, int]:
        """How many products it is for; none in particular counts as more than any number."""
        return not self.scope, len(self.scope)

    @property
    def smallness(self) -> int:
        """Less for a larger grant."""
        return -self.amount

    def usable(self, at: datetime) -> bool:
        """R2: effective_at <= t < expires_at, and not void."""
        return self.begins <= at < self.ends and not self.is_void

    def gone(self, at: datetime) -> bool:
        """Whether credit that comes back at this instant expires or voids at once (R13)."""
        return self.is_void or at >= self.ends

    def pays(self, product: str | None) -> bool:
        """R4: a grant with a scope pays only what is in it."""
        return not self.scope or product in self.scope

    def state(self, at: datetime) -> GrantState:
        """What the grant shows as at an instant."""
        if self.is_void:
            return GrantState.VOIDED
        if self.expires_at is not None and at >= self.expires_at:
            return GrantState.EXPIRED
        if self.remaining == 0:
            return GrantState.DEPLETED
        if self.effective_at is not None and at < self.effective_at:
            return GrantState.PENDING
        return GrantState.ACTIVE


@dataclass(slots=True, eq=False)
class Invoice:
    """An invoice, as far as its credit goes. 0 <= applied <= amount_due (I7)."""

    invoice: str
    amount_due: int
    status: InvoiceStatus
    auto_apply: bool | None = None
    issued_at: datetime | None = None
    lines: tuple[Any, ...] = ()
    uses: list[Use] = field(default_factory=list)
    entries: list[int] = field(default_factory=list)
    """The seqs of the entries that touched this invoice, oldest first."""
    terms: Id128 | None = None
    """What its invoice.created said; None while only a void or the like has been seen."""

    @property
    def applied(self) -> int:
        """Credit that stands applied, in minor units."""
        return sum(use.amount for use in self.uses)

    @property
    def due(self) -> int:
        """What the customer still owes after credit; nothing on a paid or void invoice (R10)."""
        if self.status in (InvoiceStatus.PAID, InvoiceStatus.VOID):
            return 0
        return self.amount_due - self.applied


Rank = Callable[[Grant], Any]
"""The order of use that an account's open grants are kept in."""


@dataclass(frozen=True, slots=True)
class TenantSettings:
    """A version of what a tenant has set; the defaults where it has set nothing."""

    version: int = 0
    auto_apply: bool = True
    order: str = "standard"
    late_window: timedelta = timedelta(seconds=3_600)


@dataclass(slots=True, eq=False)
class Account:
    """One account while a batch is decided."""

    id: Id128
    key: AccountKey
    balance: int = 0
    seq: int = 0
    event_seq: int = 0
    head: bytes = bytes(32)
    """The hash of the newest entry; zeroes before the first (I10)."""
    decided_at: datetime | None = None
    auto_apply: bool | None = None
    grants: dict[str, Grant] = field(default_factory=dict)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    available: int = 0
    _open: list[Grant] = field(default_factory=list)
    _rank: Rank | None = None
    _now: datetime | None = None

    def enter(self, now: datetime, rank: Rank) -> datetime:
        """Begin deciding at `now`, which never goes back within an account (R3); returns it."""
        if self.decided_at is not None and self.decided_at > now:
            now = self.decided_at
        if now != self._now or rank != self._rank:
            self._now, self._rank, self.decided_at = now, rank, now
            self._open = sorted((g for g in self.grants.values() if g.remaining), key=rank)
            self.available = sum(g.remaining - g.held for g in self._open if g.usable(now))
        return now

    def in_order(self) -> Iterable[Grant]:
        """The grants that have something left, in the order of use (R1)."""
        return self._open

    def post(self, kind: Kind, invoice: Invoice | None, allocations: Iterable[Allocation]) -> int:
        """Move the balance, the grants and the invoice by one entry; returns its signed amount."""
        sign = SIGN[kind]
        total = 0
        for allocation in allocations:
            total += allocation.amount
            self._move(self.grants[allocation.grant], kind, sign * allocation.amount)
        self.balance += sign * total
        self.seq += 1
        if invoice is not None:
            _touch(invoice, kind, self.seq, allocations)
        return sign * total

    def _move(self, grant: Grant, kind: Kind, change: int) -> None:
        assert self._rank is not None and self._now is not None, "enter comes first"
        before = grant.remaining
        grant.remaining += change
        assert 0 <= grant.remaining <= grant.amount, (
            f"I6: {grant.grant} would hold {grant.remaining}"
        )
        column = _COLUMNS.get(kind)
        if column is not None:
            setattr(grant, column, getattr(grant, column) - change)
        if before == 0:
            insort(self._open, grant, key=self._rank)
        elif grant.remaining == 0:
            self._open.remove(grant)
        if grant.usable(self._now):
            self.available += change


_COLUMNS: dict[Kind, str] = {
    Kind.APPLICATION: "used",
    Kind.DEDUCTION: "used",
    Kind.REVERSAL: "used",
    Kind.EXPIRY: "expired",
    Kind.VOID: "voided",
    Kind.TRANSFER_OUT: "moved",
}


def _touch(invoice: Invoice, kind: Kind, seq: int, allocations: Iterable[Allocation]) -> None:
    """Keep the invoice's standing credit: applications add uses, reversals take the newest off."""
    invoice.entries.append(seq)
    if kind is Kind.APPLICATION:
        invoice.uses.extend(Use(*allocation, seq) for allocation in allocations)
    elif kind is Kind.REVERSAL:
        for grant, line, amount in allocations:
            use = invoice.uses.pop()
            assert (use.grant, use.line) == (grant, line), "R13: not the reverse order of use"
            assert use.amount >= amount, "R14: more would come back than stands applied"
            if use.amount > amount:
                invoice.uses.append(use._replace(amount=use.amount - amount))
