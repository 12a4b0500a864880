"""What an account holds, and how its entries move it.

`Account` is one account's working copy for the length of a batch. Decisions only read it; here is
the single place where a balance, a grant or an invoice's credit changes.
"""

from bisect import insort
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from domain.bill import Invoice, Use
from domain.credit import ALWAYS, NEVER, Allocation, Grant, Rank
from domain.giving_back import newest_first
from domain.identity import AccountKey, Id128
from domain.kept import Amendment, Hold, Kept, is_lot_of_writeoff
from domain.settings import NOTHING_SET, AccountSettings
from domain.vocabulary import SIGN, Kind

AnyKept = TypeVar("AnyKept", bound=Kept)

_CLOSED_MAX = 8
"""Grants with nothing left that may stay, so that not every batch has to sift them out."""


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
    settings: AccountSettings = NOTHING_SET
    has_enough: bool = False
    """Whether available was last seen at or above the level that `credit.balance_low` tells of."""
    grants: dict[str, Grant] = field(default_factory=dict)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    kept: dict[tuple[type[Any], str | int], Any] = field(default_factory=dict)
    _available: int = 0
    _until: datetime = ALWAYS
    """The instant at which `_available` changes by itself: an open grant begins or ends."""
    _open: list[Grant] = field(default_factory=list)
    _rank: Rank | None = None
    _now: datetime | None = None

    def enter(self, now: datetime, rank: Rank) -> datetime:
        """Begin deciding at `now`, which never goes back within an account (R3); returns it."""
        if self.decided_at is not None and self.decided_at > now:
            now = self.decided_at
        self._now = self.decided_at = now
        if rank is not self._rank:
            self._rank = rank
            self._open = sorted((g for g in self.grants.values() if g.remaining), key=rank)
        if now >= self._until:
            self._available = sum(grant.free for grant in self._open if grant.usable(now))
            self._until = min((grant.turns(now) for grant in self._open), default=NEVER)
        return now

    def rest(self) -> None:
        """Let go of what one batch has named; its open grants stay for the next (db/at_hand.py)."""
        self.invoices, self.kept = {}, {}
        if len(self.grants) > 2 * len(self._open) + _CLOSED_MAX:
            self.grants = {grant.grant: grant for grant in self._open}

    @property
    def available(self) -> int:
        """What an invoice could use now; a hold whose time is over reserves nothing (R17)."""
        if self._now is None or not self.kept:
            return self._available
        lots = (lot for hold in self.holds_over(self._now) for lot in hold.lots)
        return self._available + sum(
            lot.amount for lot in lots if self.grants[lot.grant].usable(self._now)
        )

    def in_order(self) -> Iterable[Grant]:
        """The grants that have something left, in the order of use (R1)."""
        return self._open

    def in_order_with(self, names: Iterable[str]) -> Iterable[Grant]:
        """The same, as if the grants named had something left as well."""
        more = (self.grants[name] for name in names)
        return self.sort(dict.fromkeys((*self._open, *more)))

    def sort(self, grants: Iterable[Grant]) -> list[Grant]:
        """Any grants in the order of use."""
        assert self._rank is not None, "enter comes first"
        return sorted(grants, key=self._rank)

    def find(self, kind: type[AnyKept], name: str | int) -> AnyKept | None:
        """A hold, transfer, write-off or earlier entry by its name."""
        found: AnyKept | None = self.kept.get((kind, name))
        return found

    def holds_over(self, at: datetime) -> list[Hold]:
        """The holds whose time is over but which have not ended yet, the oldest first (R17)."""
        holds = (kept for kept in self.kept.values() if isinstance(kept, Hold))
        return sorted(
            (hold for hold in holds if hold.is_open and hold.ends <= at),
            key=lambda hold: (hold.ends, hold.name),
        )

    def post(
        self,
        kind: Kind,
        invoice: Invoice | None,
        allocations: Sequence[Allocation],
        reverses: tuple[int, ...] = (),
    ) -> int:
        """Move the balance, the grants and the invoice by one entry; returns its signed amount."""
        sign = SIGN[kind]
        total = 0
        for allocation in allocations:
            total += allocation.amount
            self._move(self.grants[allocation.grant], kind, sign * allocation.amount)
        self.balance += sign * total
        self.seq += 1
        if invoice is not None:
            touch(invoice, self.seq, kind, allocations, reverses)
        return sign * total

    def reserve(self, lots: Iterable[Allocation], sign: int) -> None:
        """Hold lots back (1), or let them go again (-1); moves no money (R17)."""
        for lot in lots:
            grant = self.grants[lot.grant]
            grant.held += sign * lot.amount
            assert 0 <= grant.held <= grant.remaining, f"R17: {grant.grant} holds {grant.held} back"
            if self._now is not None and grant.usable(self._now):
                self._available -= sign * lot.amount

    def amend(self, amendment: Amendment) -> Grant:
        """Give a grant other terms, and with them another place in the order (R15)."""
        assert self._rank is not None and self._now is not None, "enter comes first"
        grant = self.grants[amendment.grant]
        if grant in self._open:
            self._open.remove(grant)
        self._available -= grant.free if grant.usable(self._now) else 0
        grant.expires_at, grant.priority = amendment.expires_at, amendment.priority
        grant.ends = amendment.expires_at or NEVER
        grant.amendments = amendment.number
        self._available += grant.free if grant.usable(self._now) else 0
        if grant.remaining:
            self._open_up(grant)
        return grant

    def end(self, grant: Grant) -> None:
        """Make a grant void (R15); what is left in it, a hold reserves until it ends."""
        assert self._now is not None, "enter comes first"
        self._available -= grant.free if grant.usable(self._now) else 0
        grant.is_void = True

    def _move(self, grant: Grant, kind: Kind, change: int) -> None:
        assert self._now is not None, "enter comes first"
        before = grant.remaining
        grant.remaining += change
        assert grant.held <= grant.remaining <= grant.amount, (
            f"I6: {grant.grant} would hold {grant.remaining}"
        )
        column = _COLUMNS.get(kind)
        if column is not None:
            setattr(grant, column, getattr(grant, column) - change)
        if before == 0:
            self._open_up(grant)
        elif grant.remaining == 0:
            self._open.remove(grant)
        if grant.usable(self._now):
            self._available += change

    def _open_up(self, grant: Grant) -> None:
        assert self._rank is not None and self._now is not None, "enter comes first"
        insort(self._open, grant, key=self._rank)
        self._until = min(self._until, grant.turns(self._now))


def touch(
    invoice: Invoice,
    seq: int,
    kind: Kind,
    allocations: Sequence[Allocation],
    reverses: tuple[int, ...],
) -> None:
    """Note the entry, and keep what stands applied: applications add uses, reversals take the
    newest off."""
    invoice.entries.append(seq)
    if kind is Kind.APPLICATION:
        invoice.uses.extend(Use(*allocation, seq) for allocation in allocations)
        return
    if kind not in _ALSO_CHANGE_INVOICES:
        return
    for grant, line, amount in allocations:
        if kind is Kind.WRITEOFF_APPLICATION:
            invoice.written_off += amount
        elif is_lot_of_writeoff(grant):
            invoice.written_off -= amount
        else:
            taken = newest_first(invoice.uses, amount, _used_by(grant, line, reverses))
            assert sum(use.amount for use in taken) == amount, "R14: more than stands applied"


def _used_by(grant: str, line: str | None, entries: tuple[int, ...]) -> Callable[[Use], bool]:
    return lambda use: use.grant == grant and use.line == line and use.seq in entries


_ALSO_CHANGE_INVOICES = frozenset({Kind.REVERSAL, Kind.WRITEOFF_APPLICATION})

_COLUMNS: dict[Kind, str] = {
    Kind.APPLICATION: "used",
    Kind.DEDUCTION: "used",
    Kind.WRITEOFF_APPLICATION: "used",
    Kind.REVERSAL: "used",
    Kind.EXPIRY: "expired",
    Kind.VOID: "voided",
    Kind.TRANSFER_OUT: "moved",
}
