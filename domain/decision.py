"""What deciding a message comes to: values that say what is to be written, and why."""

from datetime import datetime
from typing import NamedTuple

from domain.bill import Invoice
from domain.credit import Allocation, Grant
from domain.kept import Amendment, Kept
from domain.settings import AccountSettings, TenantSettings
from domain.vocabulary import Kind, Outcome, Refusal, Why


class Instants(NamedTuple):
    """The two times of a decision (R3)."""

    now: datetime
    """The database clock after the locks, never going back within an account."""
    t: datetime
    """The message's business time, kept within [now - late_window, now]."""


class Draft(NamedTuple):
    """An entry before it has its place in the ledger."""

    kind: Kind
    allocations: tuple[Allocation, ...]
    invoice: Invoice | None = None
    reverses: tuple[int, ...] = ()


class Told(NamedTuple):
    """An invoice as it now stands, before the drafts have touched it, and what to say of it."""

    invoice: Invoice
    why: Why


class Departure(NamedTuple):
    """Lots that leave for another customer of the tenant (R18)."""

    transfer: str
    to_customer: str
    lots: tuple[Allocation, ...]


class Decision(NamedTuple):
    """The outcome of one message, in the order in which it is carried out."""

    outcome: Outcome = Outcome.APPLIED
    reason: Refusal | None = None
    grants: tuple[Grant, ...] = ()
    """Grants that come into being."""
    told: tuple[Told, ...] = ()
    freed: tuple[Allocation, ...] = ()
    """What a hold lets go of, before any entry."""
    ended: Grant | None = None
    """A grant that is void from now on."""
    drafts: tuple[Draft, ...] = ()
    reserved: tuple[Allocation, ...] = ()
    kept: tuple[Kept, ...] = ()
    amendment: Amendment | None = None
    account: AccountSettings | None = None
    tenant: TenantSettings | None = None
    departure: Departure | None = None


def refuse(reason: Refusal) -> Decision:
    """A business refusal: stored and published like any other outcome (R21)."""
    return Decision(outcome=Outcome.REFUSED, reason=reason)


def drafted(
    kind: Kind,
    allocations: tuple[Allocation, ...],
    invoice: Invoice | None = None,
    reverses: tuple[int, ...] = (),
) -> tuple[Draft, ...]:
    """An entry of nothing is no entry."""
    return (Draft(kind, allocations, invoice, reverses),) if allocations else ()
