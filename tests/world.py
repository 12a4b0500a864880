"""A world in memory, on the memory store: it keeps only what batches say they changed, and loads
only what they want.

So a decision that forgets to note a change, or reads what no message names, fails here as it would
on a database.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

from domain.account import Account
from domain.batch import decide_batch
from domain.bill import Invoice
from domain.changes import Changes, Key
from domain.expiry import expire_batch
from domain.identity import AccountKey, Id128, account_id
from domain.invariants import Books
from domain.ledger import Entry, Receipt
from domain.messages import Message
from domain.order import PROFILES
from domain.settings import TenantSettings
from domain.vocabulary import GrantState
from domain.wanted import Wanted, wanted
from tests.builders import ACME, NOON, instant
from worker.memory.clock import MemoryClock
from worker.memory.store import MemoryStore
from worker.state import books_in_memory


@dataclass(frozen=True)
class Seen:
    """What came of some messages, or of an expiry run."""

    entries: list[Entry]
    receipts: list[Receipt]
    """One for each message, as it stands after them all."""
    conflicts: list[Message]
    published: list[str]

    @cached_property
    def rows(self) -> list[str]:
        """The entries as text: `application -300: g1/line 100, g2 200`."""
        return [row_text(entry) for entry in self.entries]

    @property
    def outcomes(self) -> list[str]:
        """Each message's `applied`, or the reason why it was refused."""
        return [str(receipt.reason or receipt.outcome) for receipt in self.receipts]

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """The published CloudEvents."""
        return [json.loads(event) for event in self.published]

    def told(self, kind: str) -> list[dict[str, Any]]:
        """The data of the events of one type."""
        return [event["data"] for event in self.events if event["type"] == kind]

    @property
    def why(self) -> list[str]:
        """What the invoice.credited events say."""
        return [data["why"] for data in self.told("invoice.credited")]


def row_text(entry: Entry) -> str:
    """An entry's kind, signed amount and allocations."""
    parts = (
        f"{a.grant}{'' if a.line is None else f'/{a.line}'} {a.amount}" for a in entry.allocations
    )
    return f"{entry.kind} {entry.amount:+}: {', '.join(parts)}"


class World:
    """Accounts, receipts and events, a clock to set, and batches of any size."""

    def __init__(self, settings: TenantSettings | None = None) -> None:
        self._clock = MemoryClock(NOON)
        self._store = MemoryStore(self._clock)
        if settings is not None:
            self.settings[ACME.tenant] = settings
        self.entries: list[Entry] = []
        self.conflicts: list[Message] = []
        self.published: list[str] = []

    @property
    def now(self) -> datetime:
        """The database clock."""
        return self._clock.now()

    @property
    def settings(self) -> dict[str, TenantSettings]:
        """What tenants have set."""
        return self._store.settings

    @property
    def accounts(self) -> dict[Id128, Account]:
        """What is stored of every account."""
        return {name: self.account(rows.account.key) for name, rows in self._store.accounts.items()}

    @property
    def receipts(self) -> dict[Key, Receipt]:
        """Every receipt, by its message."""
        rows = self._store.accounts.values()
        return {key: receipt for row in rows for key, receipt in row.receipts.items()}

    def at(self, now: str | datetime) -> World:
        """Set the database clock."""
        self._clock.set(instant(now))
        return self

    def later(self, **duration: float) -> World:
        """Let time pass: `later(minutes=5)`."""
        return self.at(self.now + timedelta(**duration))

    def given(self, *messages: Message) -> World:
        """What has come to pass before; all of it is carried out."""
        seen = self.when(*messages)
        assert set(seen.outcomes) <= {"applied"}, seen.outcomes
        assert not seen.conflicts
        return self

    def when(self, *messages: Message, cuts: Sequence[int] = ()) -> Seen:
        """Decide messages in one batch, or in several that begin at the cuts too."""
        return self._seen(lambda: self._decide(messages, cuts), messages)

    def expire(self, notice: timedelta = timedelta(0)) -> Seen:
        """The scheduled expiry run, over all accounts."""

        def run() -> None:
            accounts = {name: rows.account.key for name, rows in self._store.accounts.items()}
            with self._store.transaction(None) as transaction:
                changes = expire_batch(transaction.gather(Wanted(accounts=accounts)), notice)
                transaction.save(changes, ())
            self._note(changes)

        return self._seen(run, ())

    def account(self, key: AccountKey = ACME) -> Account:
        """What is stored of an account; for reading only."""
        rows = self._store.accounts[account_id(key)]
        account = Account(rows.id, **rows.account._asdict())
        account.grants, account.invoices, account.kept = rows.grants, rows.invoices, rows.kept
        return account

    def balance(self, key: AccountKey = ACME) -> int:
        """The sum of the ledger."""
        return self.account(key).balance

    def available(self, key: AccountKey = ACME) -> int:
        """What an invoice could use now."""
        account = self.account(key)
        account.enter(self.now, PROFILES["standard"].rank)
        return account.available

    def left(self, *grants: str) -> list[int]:
        """What remains of some grants of the account."""
        return [self.account().grants[grant].remaining for grant in grants]

    def grant_state(self, grant: str = "g") -> GrantState:
        """What a grant shows as now."""
        return self.account().grants[grant].state(self.now)

    def invoice(self, invoice: str = "i") -> Invoice:
        """What is stored of an invoice."""
        return self.account().invoices[invoice]

    def books(self, key: AccountKey = ACME) -> Books:
        """An account's books, to be checked against the promises."""
        name = account_id(key)
        return next(b for b in books_in_memory(self._store) if b.account_id == name)

    def _decide(self, messages: Sequence[Message], cuts: Sequence[int]) -> None:
        bounds = sorted({0, *cuts, len(messages)})
        for first, last in pairwise(bounds):
            batch = messages[first:last]
            with self._store.transaction(None) as transaction:
                changes = decide_batch(transaction.gather(wanted(batch)), batch)
                transaction.save(changes, ())
            self._note(changes)

    def _note(self, changes: Changes) -> None:
        self.entries.extend(changes.entries)
        self.conflicts.extend(changes.conflicts)
        self.published.extend(changes.events)

    def _seen(self, act: Callable[[], None], messages: Iterable[Message]) -> Seen:
        marks = len(self.entries), len(self.conflicts), len(self.published)
        act()
        return Seen(
            entries=self.entries[marks[0] :],
            receipts=[self.receipts[key_of(message)] for message in messages],
            conflicts=self.conflicts[marks[1] :],
            published=self.published[marks[2] :],
        )


def key_of(message: Message) -> Key:
    """What a message is known by."""
    return Key(message.account_id, message.cause.source, message.cause.id)
