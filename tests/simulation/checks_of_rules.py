"""Rules that no single entry shows: what came back, what was let off, held, or sent elsewhere."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from domain.books import Books
from domain.changes import Key
from domain.identity import AccountKey, account_id
from domain.kept import Hold, Transfer, is_lot_of_writeoff
from domain.ledger import Entry
from domain.transfers import cause_of
from domain.vocabulary import Kind

_OF_WRITEOFFS = {Kind.WRITEOFF_GRANT, Kind.WRITEOFF_APPLICATION, Kind.REVERSAL, Kind.VOID}


def broken_rules(books: Sequence[Books]) -> Iterator[str]:
    """Everything that does not hold, each with its rule."""
    for account in books:
        yield from _reversed_once(account)
        yield from _writeoffs_unspent(account)
        yield from _captured_in_time(account)
    yield from _transfers_arrived(books)


def arrivals(books: Sequence[Books]) -> dict[Key, int]:
    """The derived messages that transfers must have sent, with their amounts (R18)."""
    sent: dict[Key, int] = {}
    for account in books:
        for kept in account.kept:
            if isinstance(kept, Transfer):
                to = AccountKey(account.key.tenant, kept.to_customer, account.key.currency)
                cause = cause_of(account.account_id, kept.name)
                sent[Key(account_id(to), *cause[:2])] = kept.amount
    return sent


def _transfers_arrived(books: Sequence[Books]) -> Iterator[str]:
    """R18: what was taken out came in, once."""
    came, gone = Counter[Key](), 0
    for account in books:
        for entry in account.entries:
            if entry.kind is Kind.TRANSFER_IN:
                came[Key(entry.account_id, *entry.cause[:2])] += entry.amount
            elif entry.kind is Kind.TRANSFER_OUT:
                gone -= entry.amount
    if came != Counter(arrivals(books)):
        yield "R18: what has arrived is not what was sent"
    if gone != came.total():
        yield f"R18: {gone} was taken out, and {came.total()} has come in"


def _reversed_once(account: Books) -> Iterator[str]:
    """R14: no more comes back than one entry has used of a grant."""
    left: Counter[tuple[int, str]] = Counter()
    for entry in account.entries:
        if entry.kind is Kind.DEDUCTION:
            left.update({(entry.seq, a.grant): a.amount for a in entry.allocations})
        elif entry.kind is Kind.REVERSAL and entry.invoice is None:
            (seq,) = entry.reverses
            left.subtract({(seq, a.grant): a.amount for a in entry.allocations})
    for (seq, grant), amount in left.items():
        if amount < 0:
            yield f"R14: more came back to {grant} than entry {seq} of {account.key} has used"


def _writeoffs_unspent(account: Books) -> Iterator[str]:
    """R14, R19: a write-off is used on its invoice or void, and leaves nothing to spend."""
    for grant in account.grants:
        if is_lot_of_writeoff(grant.grant) and grant.remaining:
            yield f"R14: {grant.grant} can be spent"
    for entry in account.entries:
        if entry.kind not in _OF_WRITEOFFS and any(map(_of_writeoff, entry.allocations)):
            yield f"R14: entry {entry.seq} of {account.key} spends a write-off"


def _of_writeoff(allocation: Sequence[object]) -> bool:
    return is_lot_of_writeoff(str(allocation[0]))


def _captured_in_time(account: Books) -> Iterator[str]:
    """R17: a hold is used before its time is over."""
    holds = {kept.name: kept for kept in account.kept if isinstance(kept, Hold)}
    for entry in account.entries:
        if entry.cause.type == "credit.capture" and entry.dated_at >= _hold(entry, holds).ends:
            yield f"R17: entry {entry.seq} of {account.key} uses a hold that was over"


def _hold(entry: Entry, holds: dict[str, Hold]) -> Hold:
    return holds[json.loads(entry.asked or "{}")["hold"]]
