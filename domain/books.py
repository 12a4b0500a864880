"""An account's books: all that is stored of it, as values to be checked against the promises."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from domain.bill import Invoice
from domain.closings import Closing, ClosingGrant
from domain.credit import Grant
from domain.identity import AccountKey, Id128
from domain.kept import Amendment, Kept
from domain.ledger import Entry, Receipt


@dataclass(frozen=True)
class Books:
    """One account with all its rows; the entries in the order of seq."""

    key: AccountKey
    account_id: Id128
    balance: int
    seq: int
    event_seq: int
    head: bytes
    entries: Sequence[Entry]
    grants: Sequence[Grant]
    invoices: Sequence[Invoice]
    receipts: Sequence[Receipt]
    kept: Sequence[Kept] = ()
    amendments: Sequence[Amendment] = ()
    """Of each grant in the order in which they came."""
    closings: Sequence[Closing] = ()
    closing_grants: Sequence[ClosingGrant] = ()


class Finding(NamedTuple):
    """A row that breaks a promise."""

    where: str
    """Such as `seq 3`, `grant g1`, `invoice i1`, `receipt billing m1` or `account`."""
    what: str
    """A sentence for people."""


@dataclass(frozen=True)
class Violation:
    """A promise that is broken somewhere in an account's books."""

    promise: str
    """Such as `I3`."""
    where: str
    what: str


class Asked(NamedTuple):
    """What an entry's message said of the credit to use."""

    grant: str | None = None
    product: str | None = None
    amount: int | None = None
    hold: str | None = None


def asked_of(entry: Entry) -> Asked:
    """Read from the entry; empty where its message said nothing."""
    said = json.loads(entry.asked) if entry.asked else {}
    return Asked(**{name: said.get(name) for name in Asked._fields})


def at_entry(entry: Entry, what: str) -> Finding:
    """Something is wrong with an entry."""
    return Finding(f"seq {entry.seq}", what)
