"""What deciding a message comes to: values that say what is to be written, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from domain.account import Allocation, Grant, Invoice
from domain.vocabulary import Kind, Outcome, Refusal, Why


class Instants(NamedTuple):
    """The two times of a decision (R3)."""

    now: datetime
    """The database clock after the locks, never going back within an account."""
    t: datetime
    """The message's business time, kept within [now - late_window, now]."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before it has its place in the ledger."""

    kind: Kind
    allocations: tuple[Allocation, ...]
    reverses: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of one message. `why` is there whenever an invoice is to be told of."""

    outcome: Outcome = Outcome.APPLIED
    reason: Refusal | None = None
    drafts: tuple[Draft, ...] = ()
    grant: Grant | None = None
    """A grant that comes into being."""
    invoice: Invoice | None = None
    """The invoice as it now stands, before the drafts have touched it."""
    why: Why | None = None


def refuse(reason: Refusal) -> Decision:
    """A business refusal: stored and published like any other outcome (R21)."""
    return Decision(outcome=Outcome.REFUSED, reason=reason)


def drafted(kind: Kind, allocations: tuple[Allocation, ...]) -> tuple[Draft, ...]:
    """An entry of nothing is no entry."""
    return (Draft(kind, allocations),) if allocations else ()
