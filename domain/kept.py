"""What an account keeps beside grants and invoices: each under a name of its own, made once."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeAlias

from domain.credit import NEVER, Allocation
from domain.identity import NIL, Id128, pair_id
from domain.vocabulary import Kind


@dataclass(frozen=True, slots=True)
class Hold:
    """Credit reserved for later (R17); `lots` is what it reserved, in the order of use."""

    name: str
    lots: tuple[Allocation, ...]
    expires_at: datetime | None = None
    since: int = 0
    """The account's newest entry when it was made."""
    until: int | None = None
    """The account's newest entry when it ended."""
    terms: Id128 = NIL

    @property
    def is_open(self) -> bool:
        """Whether it still reserves its lots."""
        return self.until is None

    @property
    def amount(self) -> int:
        """What it reserved when it was made, in minor units."""
        return sum(lot.amount for lot in self.lots)

    @property
    def ends(self) -> datetime:
        """The instant from which on it reserves nothing."""
        return self.expires_at or NEVER


@dataclass(frozen=True, slots=True)
class Transfer:
    """Credit that was sent to another customer (R18); `seq` is the entry that took it out."""

    name: str
    to_customer: str
    amount: int
    seq: int
    terms: Id128 = NIL


@dataclass(frozen=True, slots=True)
class Writeoff:
    """A shortfall written off on an invoice (R19); `seq` is the entry that applied it.

    Its credit is the grant `lot_of` its name.
    """

    name: str
    invoice: str
    amount: int
    seq: int
    line: str | None = None
    parent: str | None = None
    plan: str | None = None
    is_reversed: bool = False
    terms: Id128 = NIL


def lot_of(writeoff: str) -> str:
    """The grant that a write-off's two entries allocate."""
    name = f"{_LOT}{writeoff}"
    return name if len(name.encode()) <= 255 else f"{_LOT}{pair_id(_LOT, writeoff)}"


def lot_that_arrived(sender: Id128, transfer: str, place: int) -> str:
    """The grant that a lot of a transfer becomes; those of one sort as its lots were used."""
    return f"transfer-{pair_id(sender, transfer)}-{place + 1:04}"


def is_lot_of_scrip(grant: str) -> bool:
    """Whether only scrip itself makes grants of this name: one that came before would be in the
    way of a write-off or a transfer, and be taken for it."""
    return is_lot_of_writeoff(grant) or _ARRIVED.fullmatch(grant) is not None


def is_lot_of_writeoff(grant: str) -> bool:
    """Whether a grant is a write-off's, and so no spendable credit (R14)."""
    return grant.startswith(_LOT)


_LOT = "writeoff/"
_ARRIVED = re.compile(r"transfer-[0-9a-f]{32}-[0-9]{4,}")


@dataclass(frozen=True, slots=True)
class Spent:
    """An earlier entry that a message names, and how much of it has come back (R14).

    What came back of an application stands with its invoice; `returned` counts for deductions.
    """

    name: int
    kind: Kind
    invoice: str | None
    allocations: tuple[Allocation, ...]
    returned: int = 0


Kept: TypeAlias = Hold | Transfer | Writeoff | Spent


class Amendment(NamedTuple):
    """A change of a grant's terms, between the entries `seq` and `seq` + 1 (R15)."""

    grant: str
    number: int
    """1 for the first amendment of the grant."""
    seq: int
    expires_before: datetime | None
    expires_at: datetime | None
    priority_before: int
    priority: int
    memo: str | None
    """The new memo, or None where it stays."""
    reference_number: str | None
