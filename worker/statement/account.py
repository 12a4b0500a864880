"""What a statement says of one account; amounts in minor units.

All of it follows from the ledger's entries up to the instant, so that a past instant shows what
stood then. Only what no entry keeps is as of now: an invoice's amount due and its status.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from domain.bill import Invoice
from domain.credit import ALWAYS, Grant, GrantDetails
from domain.identity import AccountKey
from domain.kept import Writeoff, is_lot_of_writeoff
from domain.ledger import Entry
from domain.vocabulary import Kind

_WENT = {
    Kind.GRANT: "amount",
    Kind.TRANSFER_IN: "amount",
    Kind.DEDUCTION: "used",
    Kind.APPLICATION: "used",
    Kind.EXPIRY: "expired",
    Kind.VOID: "voided",
    Kind.TRANSFER_OUT: "moved",
}
_APPLIES = (Kind.APPLICATION, Kind.WRITEOFF_APPLICATION)


class Share(NamedTuple):
    """The part of an account that may pay the same things."""

    scope: tuple[str, ...]
    category: str
    available: int
    balance: int


class Gone(NamedTuple):
    """A grant with nothing left: what became of it."""

    grant: str
    amount: int = 0
    used: int = 0
    expired: int = 0
    voided: int = 0
    moved: int = 0


class Fall(NamedTuple):
    """Credit that expires if nothing uses it; also where its expiry has not been written yet."""

    at: datetime
    amount: int


class Part(NamedTuple):
    """What an invoice got from one grant, and how much of it went back."""

    grant: str
    applied: int
    given_back: int


class Credited(NamedTuple):
    """An invoice and the credit on it, in the order in which it came."""

    invoice: str
    since: datetime
    """When it was issued; where that is not known, when credit first touched it."""
    parts: tuple[Part, ...]
    bill: Invoice | None
    """None at a past instant: an invoice keeps no history of what was due."""

    @property
    def stands(self) -> int:
        """The credit on it, a write-off included."""
        return sum(part.applied - part.given_back for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStatement:
    """One currency of a customer."""

    key: AccountKey
    at: datetime
    """The instant that decides what is usable and what has expired."""
    is_past: bool
    available: int
    balance: int
    """available + held + pending; the ledger's newest balance is this + expired."""
    held: int
    is_most_held: bool
    pending: int
    expired: int
    """What is past its expiry though the ledger's entry for it is yet to come."""
    shares: tuple[Share, ...]
    order: str
    """The order of use that `grants` are in."""
    grants: tuple[Grant, ...]
    details: Mapping[str, GrantDetails]
    gone: tuple[Gone, ...]
    falls: tuple[Fall, ...]
    since: datetime | None
    """The first instant of the period, where somebody asked for one."""
    opening: int
    """The balance before the first entry of `ledger`."""
    left_out: int
    """How many entries came before it."""
    ledger: Sequence[Entry]
    """Those of the period, or the newest of them; the oldest first."""
    invoices: tuple[Credited, ...]
    """The newest first."""
    writeoffs: tuple[Writeoff, ...]
    sent: Mapping[int, str]
    """Whom a transfer's entry went to, by seq."""
    amount: Callable[[int], str]
    """Writes an amount of this currency."""


def what_became(
    moves: Iterable[tuple[str, Kind, int]], before: Iterable[Gone] = ()
) -> dict[str, Gone]:
    """What became of every grant, by its id; a write-off's credit is none that anybody had.

    From what entries did: to which grant, of what kind, and how much; `before` is what had become
    of some before these entries.
    """
    sums = defaultdict[str, Counter[str]](Counter)
    for went in before:
        if not is_lot_of_writeoff(went.grant):
            sums[went.grant].update(dict(zip(Gone._fields[1:], went[1:], strict=True)))
    for grant, kind, amount in moves:
        if is_lot_of_writeoff(grant):
            continue
        if kind is Kind.REVERSAL:
            sums[grant]["used"] -= amount
        else:
            sums[grant][_WENT[kind]] += amount
    return {
        grant: Gone(grant, **{name: went[name] for name in Gone._fields[1:]})
        for grant, went in sums.items()
    }


def gone_of(grant: Grant) -> Gone:
    """What has become of a grant, as it is stored."""
    return Gone(grant.grant, grant.amount, grant.used, grant.expired, grant.voided, grant.moved)


def left_of(went: Gone) -> int:
    """What the ledger leaves of a grant (I6)."""
    return went.amount - went.used - went.expired - went.voided - went.moved


def gone_grants(became: Iterable[Gone], grants: Iterable[Grant]) -> tuple[Gone, ...]:
    """Those that are not among the open ones; what the ledger still has of them has expired."""
    still = {grant.grant for grant in grants}
    return tuple(
        went._replace(expired=went.expired + left_of(went))
        for went in became
        if went.grant not in still
    )


def falls_of(became: Iterable[Gone], terms: Mapping[str, Grant]) -> tuple[Fall, ...]:
    """When what is left and not held expires, the soonest first."""
    falls = Counter[datetime]()
    for went in became:
        grant = terms[went.grant]
        if grant.expires_at is not None and not grant.is_void:
            falls[grant.expires_at] += left_of(went) - grant.held
    return tuple(Fall(at, amount) for at, amount in sorted(falls.items()) if amount)


def credited(ledger: Iterable[Entry], bills: Iterable[Invoice] | None) -> tuple[Credited, ...]:
    """Every invoice with its credit, the newest first; without bills, those that credit touched."""
    parts = defaultdict[str, dict[str, Part]](dict)
    since: dict[str, datetime] = {}
    for entry in ledger:
        if entry.invoice is None:
            continue
        since.setdefault(entry.invoice, entry.dated_at)
        of = parts[entry.invoice]
        for grant, _, amount in entry.allocations:
            part = of.get(grant, Part(grant, 0, 0))
            if entry.kind in _APPLIES:
                of[grant] = part._replace(applied=part.applied + amount)
            elif entry.kind is Kind.REVERSAL:
                of[grant] = part._replace(given_back=part.given_back + amount)
    known = {bill.invoice: bill for bill in bills or ()}
    found = []
    for name in sorted({*known, *parts}):
        bill = known.get(name)
        issued = bill.issued_at if bill else None
        at = issued or since.get(name, ALWAYS)
        found.append(Credited(name, at, tuple(parts[name].values()), bill))
    return tuple(sorted(found, key=lambda one: one.since, reverse=True))


def reversed_writeoffs(one: AccountStatement) -> set[str]:
    """The names of those that have been taken back."""
    undone = {seq for entry in one.ledger for seq in entry.reverses}
    return {writeoff.name for writeoff in one.writeoffs if writeoff.seq in undone}
