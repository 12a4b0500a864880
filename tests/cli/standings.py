"""What entries did, worked out from the entries themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from domain.ledger import Entry
from domain.vocabulary import Kind
from worker.cli.at_instant import Later
from worker.statement.account import what_became


def moves_of(ledger: Iterable[Entry]) -> Iterator[tuple[str, Kind, int]]:
    """To which grant, of what kind, and how much."""
    return ((lot.grant, entry.kind, lot.amount) for entry in ledger for lot in entry.allocations)


def later_than(at: datetime, seq: int, ledger: Iterable[Entry]) -> Later:
    """Of an account's whole ledger, what came after an instant."""
    behind = [entry for entry in ledger if entry.recorded_at > at]
    return Later(seq - len(behind), what_became(moves_of(behind)))
