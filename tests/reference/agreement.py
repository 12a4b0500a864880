"""Plays a mix on scrip and on the reference, and says where the two disagree.

Each step's new rows, outcome, events and invoice are compared as soon as it is decided. Where the
page leaves a form open (see AMBIGUOUS.md) one side is translated: ids of lots that scrip makes
itself, the sign of allocations, and the invoice of what expires or is voided after a reversal.

    SCRIP_REFERENCE_MESSAGES=100000 ./dev test tests/reference
"""

from __future__ import annotations

import copy
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from domain.identity import AccountKey, account_id
from domain.invariants import Violation, violations
from domain.ledger import Entry
from domain.messages import Message
from domain.vocabulary import Kind
from tests.reference.book import Account, Data
from tests.reference.mixes import Mix
from worker.codec import Codec
from worker.expiry import expire_due
from worker.memory.clock import MemoryClock
from worker.memory.rows import AccountRows
from worker.memory.store import MemoryStore
from worker.process import Batch, settle
from worker.state import books_in_memory

_BRINGS = frozenset({Kind.GRANT, Kind.TRANSFER_IN, Kind.WRITEOFF_GRANT})
_ENDS = frozenset({Kind.EXPIRY, Kind.VOID})

Key = tuple[str, str, str]


class Disagreement(NamedTuple):
    """A step after which the two differ, and how."""

    message: Data | None
    account: Key
    scrip: Any
    reference: Any


class Both:
    """The two sides, one message at a time."""

    def __init__(self, seed: int) -> None:
        self.mix = Mix(Random(seed))
        self._clock = MemoryClock(self.mix.now)
        self._store = MemoryStore(self._clock)
        self._codec = Codec()
        self._names: defaultdict[Key, dict[str, str]] = defaultdict(dict)
        self._seen: Counter[Key] = Counter()
        self.reached: Counter[str] = Counter()
        """How often each outcome came about."""

    def play(self, messages: int) -> Iterator[Disagreement]:
        """Everything that differs; the mix goes on behind it."""
        while self.mix.count < messages:
            message, now = self.mix.step()
            self._clock.set(now)
            touched = self._decide(message) if message else self._expire()
            for key in touched:
                yield from self._compared(message, key)

    def violations(self) -> list[Violation]:
        """What scrip's books break; they are checked whole."""
        return [found for books in books_in_memory(self._store) for found in violations(books)]

    def _expire(self) -> list[Key]:
        expire_due(self._store)
        return list(self.mix.ledger.accounts)

    def _decide(self, message: Data) -> list[Key]:
        data = message["data"]
        key = (data.get("tenant", "default"), data["customer"], data["currency"])
        told = copy.deepcopy(message)
        if data.get("grant") in self._names[key]:
            told["data"]["grant"] = self._names[key][data["grant"]]
        decoded = self._codec.decode(json.dumps(told).encode())
        assert isinstance(decoded, Message), decoded
        settle(Batch([decoded]), self._store, None)
        if message["type"] != "credit.transfer":
            return [key]
        return [key, (key[0], data["to_customer"], key[2])]

    def _compared(self, message: Data | None, key: Key) -> Iterator[Disagreement]:
        rows = self._store.accounts.get(account_id(AccountKey(*key)))
        theirs = self.mix.ledger.accounts.get(key)
        if rows is None or theirs is None:
            return
        first = self._seen[key]
        names = self._names[key]
        for entry, other in zip(rows.entries[first:], theirs.entries[first:], strict=False):
            if entry.kind in _BRINGS:
                pairs = zip(entry.allocations, other["allocations"], strict=False)
                names.update((part["grant"], lot.grant) for lot, part in pairs)
        ours = [_row(entry) for entry in rows.entries[first:]]
        others = [_other_row(other, names) for other in theirs.entries[first:]]
        self._seen[key] = len(rows.entries)
        if ours != others:
            yield Disagreement(message, key, ours, others)
        if message is not None:
            yield from self._of_message(message, key, rows, theirs)

    def _of_message(
        self, message: Data, key: Key, rows: AccountRows, theirs: Account
    ) -> Iterator[Disagreement]:
        name = message["source"], message["id"]
        receipt = theirs.receipts.get(name)
        found = [row for row in rows.receipts.values() if row.cause[:2] == name]
        if receipt is not None and found:
            ours = (found[0].outcome, found[0].reason, found[0].repeats, found[0].conflicts)
            other = (receipt.outcome, receipt.reason, receipt.repeats, receipt.conflicts)
            self.reached[str(found[0].reason or found[0].outcome)] += 1
            if ours != other:
                yield Disagreement(message, key, ours, other)
        bill = rows.invoices.get(message["data"].get("invoice", ""))
        if bill is not None:
            other_bill = theirs.invoices[bill.invoice]
            ours_ = (bill.amount_due, bill.applied, bill.due, bill.status)
            amounts = (other_bill.amount_due, other_bill.applied(), other_bill.due())
            if ours_ != (*amounts, other_bill.status):
                yield Disagreement(message, key, ours_, (*amounts, other_bill.status))


def _row(entry: Entry) -> Any:
    parts = [(a.grant, a.line, a.amount) for a in entry.allocations]
    return entry.kind, entry.amount, entry.balance, _parts(entry.kind, parts)


def _other_row(row: Data, names: dict[str, str]) -> Any:
    parts = [
        (names.get(a["grant"], a["grant"]), a["line"], abs(a["amount"])) for a in row["allocations"]
    ]
    return row["kind"], row["amount"], row["balance"], _parts(row["kind"], parts)


def _parts(kind: str, parts: list[tuple[str, str | None, int]]) -> Any:
    """What ends is compared by grant, what comes back without its order among lines."""
    if kind in _ENDS:
        sums: Counter[str] = Counter()
        for grant, _, amount in parts:
            sums[grant] += amount
        return sums
    return sorted(parts, key=str) if kind == Kind.REVERSAL else parts
