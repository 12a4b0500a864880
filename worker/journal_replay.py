"""I9: the journal's messages, decided again at their stored instants, give the same rows.

Each step goes through the writer's own code on a store in memory, at the instant that its receipt
(or, for an expiry run, its entries) kept, on what its tenant had set by then. Compared are all rows
of the accounts: entries with their hashes, grants, invoices, receipts, holds, transfers,
write-offs, what came back, amendments, and the versions of tenants' settings.

Not stored, and so not proven: the place of an expiry run that left no entry (it only ends holds,
which the next message or run does as well), that of `grant.expiring` (worker/journal_events.py
counts them), and the words that people read about a grant (memo and its like). The counters of
repeats and conflicts tell of deliveries; worker/journal_outcomes.py checks them.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import timedelta
from itertools import chain
from typing import Any, NamedTuple

from db.errors import StoreError
from db.history import Standing
from domain.batch import decide_batch
from domain.books import Books, Violation
from domain.changes import Changes, Key
from domain.expiry import expire_batch
from domain.identity import AccountKey, Id128, account_id
from domain.kept import Spent
from domain.ledger import Receipt
from domain.wanted import Wanted, wanted
from worker.journal_order import Settings, Step
from worker.memory.clock import MemoryClock
from worker.memory.rows import AccountRow, AccountRows
from worker.memory.store import MemoryStore

_WHAT_FAILS = (AssertionError, LookupError, ValueError, TypeError, StoreError)
"""What deciding runs into where the inputs cannot have been these."""

_UNTOLD = {
    "Receipt": frozenset({"repeats", "conflicts", "event_seq"}),
    "Grant": frozenset({"details", "is_announced"}),
}
"""Columns that no replay can give; event_seq is compared with the events."""


class Account(NamedTuple):
    """An account as it is stored."""

    books: Books
    standing: Standing


class Brought(NamedTuple):
    """The events of one step on one account."""

    key: Key | None
    """The message's; None for an expiry run."""
    events: list[str]


class Replay:
    """One group of accounts, from nothing."""

    def __init__(self, group: Sequence[Account], settings: Settings) -> None:
        self._group, self._settings = group, settings
        self._clock = MemoryClock()
        self._store = MemoryStore(self._clock)
        self._keys = {account.books.account_id: account.books.key for account in group}
        self.brought: defaultdict[Id128, list[Brought]] = defaultdict(list)

    def run(self, steps: Iterable[Step]) -> tuple[AccountKey, Violation] | None:
        """Decide everything; returns what it ran into, if it did not come to its end."""
        for step in chain(steps, self._unseen_ends()):
            what = self._problem(step)
            if what is not None:
                where = "account" if step.message is None else _name(step.message.cause)
                return self._keys[step.account_id], Violation("I9", where, what)
        return None

    def _unseen_ends(self) -> Iterator[Step]:
        """What came last on an account and left no row has left its instant."""
        for books, standing in self._group:
            rows = self._store.accounts.get(books.account_id)
            was = rows.account.decided_at if rows is not None else None
            if was is not None and standing.decided_at is not None and standing.decided_at > was:
                yield Step(books.account_id, standing.decided_at)

    def differences(self, account: Account) -> Iterator[Violation]:
        """What is stored otherwise than it came out."""
        books = account.books
        known = self._store.accounts.get(books.account_id)
        rows = known or AccountRows(books.account_id, AccountRow(books.key))
        yield from _compared("seq", _by("seq", rows.entries), _by("seq", books.entries))
        for name in ("grant", "invoice"):
            again = getattr(rows, f"{name}s").values()
            yield from _compared(name, _by(name, again), _by(name, getattr(books, f"{name}s")))
        again, stored = _receipts(rows.receipts.values()), _receipts(books.receipts)
        yield from _compared("receipt", again, stored)
        kept = (row for row in rows.kept.values() if row is not None)
        yield from _compared("kept", _kept(kept), _kept(books.kept))
        amended = [change.amendment for change in rows.amendments]
        yield from _compared("amendment", _changes(amended), _changes(books.amendments))
        yield from _compared("account", {"": _row_of(rows)}, {"": _stored_row(account)})

    def _problem(self, step: Step) -> str | None:
        try:
            changes = self._decide(step)
        except _WHAT_FAILS as error:
            return f"cannot be decided again on the rows before it ({type(error).__name__})"
        self._note_events(step, changes)
        stored = self._settings.all_of(self._keys[step.account_id].tenant)
        if any(made not in stored for _, made in changes.tenants):
            return "makes settings of the tenant that are not stored"
        return None

    def _decide(self, step: Step) -> Changes:
        tenant, message = self._keys[step.account_id].tenant, step.message
        self._clock.set(step.now)
        settings = self._settings.at(tenant, step)
        if settings is None:
            self._store.settings.pop(tenant, None)
        else:
            self._store.settings[tenant] = settings
        with self._store.transaction(None) as transaction:
            if message is None:
                accounts = {step.account_id: self._keys[step.account_id]}
                state = transaction.gather(Wanted(accounts=accounts))
                changes = expire_batch(state, timedelta(0))
            else:
                changes = decide_batch(transaction.gather(wanted([message])), [message])
            transaction.save(changes, ())
        self._store.forget([row.id for row in self._store.unsent(1, ())])
        return changes

    def _note_events(self, step: Step, changes: Changes) -> None:
        events: defaultdict[Id128, list[str]] = defaultdict(list)
        if len(changes.accounts) <= 1:
            events[step.account_id] = changes.events
        else:
            for text in changes.events:
                data = json.loads(text)["data"]
                key = AccountKey(*(data[name] for name in AccountKey._fields))
                events[account_id(key)].append(text)
        keys = {key.account_id: key for key in changes.receipts}
        for account, texts in events.items():
            if texts:
                self.brought[account].append(Brought(keys.get(account), texts))


def _by(name: str, rows: Iterable[Any]) -> dict[Any, Any]:
    return {getattr(row, name): row for row in rows}


def _receipts(rows: Iterable[Receipt]) -> dict[str, Receipt]:
    return {f"{row.cause.source} {row.cause.id}": row for row in rows}


def _kept(rows: Iterable[Any]) -> dict[str, Any]:
    """Of an entry that was named, only what came back of it is stored."""
    stored = (row for row in rows if not isinstance(row, Spent) or row.returned)
    return {f"{type(row).__name__.lower()} {row.name}": row for row in stored}


def _changes(rows: Iterable[Any]) -> dict[str, Any]:
    return {f"{row.grant} {row.number}": row for row in rows}


def _row_of(rows: AccountRows) -> dict[str, Any]:
    row = rows.account
    names = ("balance", "seq", "head", "settings", "has_enough")
    return {name: getattr(row, name) for name in names}


def _stored_row(account: Account) -> dict[str, Any]:
    books, standing = account.books, account.standing
    return {
        "balance": books.balance,
        "seq": books.seq,
        "head": books.head,
        "settings": standing.settings,
        "has_enough": standing.has_enough,
    }


def _compared(
    what: str, again: Mapping[Any, Any], stored: Mapping[Any, Any]
) -> Iterator[Violation]:
    for name in again.keys() | stored.keys():
        where = what if name == "" else f"{what} {name}" if what != "kept" else str(name)
        if name not in again:
            yield Violation("I9", where, "is stored, and the replay has none")
        elif name not in stored:
            yield Violation("I9", where, "came about in the replay, and none is stored")
        elif differing := _differing(again[name], stored[name]):
            columns = ", ".join(differing)
            yield Violation("I9", where, f"came out otherwise in the replay: {columns}")


def _differing(again: Any, stored: Any) -> list[str]:
    """The columns that differ."""
    if again == stored:
        return []
    ours, theirs = _values(again), _values(stored)
    return [name for name, value in ours.items() if value != theirs.get(name)]


def _values(row: Any) -> dict[str, Any]:
    if isinstance(row, dict):
        return row
    if isinstance(row, tuple):
        return dict(row._asdict())  # type: ignore[attr-defined]
    without: Collection[str] = _UNTOLD.get(type(row).__name__, ())
    return {f.name: getattr(row, f.name) for f in fields(row) if f.name not in without}


def _name(cause: Any) -> str:
    return f"receipt {cause.source} {cause.id}"
