"""A world in memory: it keeps only what batches say they changed, and loads only what they want.

So a decision that forgets to note a change, or reads what no message names, fails here as it would
on a database.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

from domain.account import Account, Grant, Invoice, TenantSettings
from domain.batch import decide_batch, expire_batch
from domain.changes import Changes, Key, State
from domain.identity import AccountKey, Id128, account_id
from domain.invariants import Books
from domain.ledger import Entry, Receipt
from domain.messages import Message
from domain.order import PROFILES
from domain.vocabulary import GrantState
from domain.wanted import Wanted, wanted
from tests.builders import ACME, NOON, instant

_SCALARS = ("balance", "seq", "event_seq", "head", "decided_at", "auto_apply")


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
        self.now = NOON
        self.settings: dict[str, TenantSettings] = {}
        if settings is not None:
            self.settings[ACME.tenant] = settings
        self.accounts: dict[Id128, Account] = {}
        self.receipts: dict[Key, Receipt] = {}
        self.entries: list[Entry] = []
        self.conflicts: list[Message] = []
        self.published: list[str] = []

    def at(self, now: str | datetime) -> World:
        """Set the database clock."""
        self.now = instant(now)
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

    def expire(self) -> Seen:
        """The scheduled expiry run, over all accounts."""

        def run() -> None:
            accounts = {name: _loaded(found, None) for name, found in self.accounts.items()}
            self._save(expire_batch(State(self.now, accounts, settings=self.settings)))

        return self._seen(run, ())

    def account(self, key: AccountKey = ACME) -> Account:
        """What is stored of an account; for reading only."""
        return self.accounts[account_id(key)]

    def balance(self, key: AccountKey = ACME) -> int:
        """The sum of the ledger."""
        return self.account(key).balance

    def available(self, key: AccountKey = ACME) -> int:
        """What an invoice could use now."""
        account = _loaded(self.account(key), None)
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
        account = self.account(key)
        return Books(
            key=account.key,
            account_id=account.id,
            balance=account.balance,
            seq=account.seq,
            event_seq=account.event_seq,
            head=account.head,
            entries=[entry for entry in self.entries if entry.account_id == account.id],
            grants=list(account.grants.values()),
            invoices=list(account.invoices.values()),
            receipts=[row for row in self.receipts.values() if row.account_id == account.id],
        )

    def _decide(self, messages: Sequence[Message], cuts: Sequence[int]) -> None:
        bounds = sorted({0, *cuts, len(messages)})
        for first, last in pairwise(bounds):
            batch = messages[first:last]
            self._save(decide_batch(self._state(wanted(batch)), batch))

    def _seen(self, act: Callable[[], None], messages: Iterable[Message]) -> Seen:
        marks = len(self.entries), len(self.conflicts), len(self.published)
        act()
        return Seen(
            entries=self.entries[marks[0] :],
            receipts=[self.receipts[key_of(message)] for message in messages],
            conflicts=self.conflicts[marks[1] :],
            published=self.published[marks[2] :],
        )

    def _state(self, want: Wanted) -> State:
        for name, key in want.accounts.items():
            self.accounts.setdefault(name, Account(name, key))
        return State(
            now=self.now,
            accounts={name: _loaded(self.accounts[name], want) for name in want.accounts},
            receipts={k: replace(self.receipts[k]) for k in want.receipts if k in self.receipts},
            settings=self.settings,
        )

    def _save(self, changes: Changes) -> None:
        for name, account in changes.accounts.items():
            for scalar in _SCALARS:
                setattr(self.accounts[name], scalar, getattr(account, scalar))
        for (name, _), lot in changes.new_grants.items():
            assert lot.grant not in self.accounts[name].grants, "inserted twice"
        for (name, _), bill in changes.new_invoices.items():
            assert bill.invoice not in self.accounts[name].invoices, "inserted twice"
        for (name, _), lot in [*changes.new_grants.items(), *changes.grants.items()]:
            self.accounts[name].grants[lot.grant] = _grant_row(lot)
        for (name, _), bill in [*changes.new_invoices.items(), *changes.invoices.items()]:
            self.accounts[name].invoices[bill.invoice] = _invoice_row(bill)
        assert not self.receipts.keys() & changes.receipts.keys(), "inserted twice"
        for key, receipt in [*changes.receipts.items(), *changes.seen_again.items()]:
            self.receipts[key] = replace(receipt)
        self.entries.extend(changes.entries)
        self.conflicts.extend(changes.conflicts)
        self.published.extend(changes.events)


def key_of(message: Message) -> Key:
    """What a message is known by."""
    return Key(message.account_id, message.cause.source, message.cause.id)


def _loaded(stored: Account, want: Wanted | None) -> Account:
    """An account with its open grants and whatever is named; only the open grants for None."""
    named = want or Wanted()
    invoices = {
        name: _invoice_row(row)
        for name, row in stored.invoices.items()
        if (stored.id, name) in named.invoices
    }
    used = {use.grant for row in invoices.values() for use in row.uses}
    grants = {
        name: _grant_row(row)
        for name, row in stored.grants.items()
        if row.remaining
        or name in used
        or (stored.id, name) in named.grants
        or (stored.id, row.external_id) in named.external_ids
    }
    return replace(stored, grants=grants, invoices=invoices)


def _grant_row(grant: Grant) -> Grant:
    return replace(grant, details=None)


def _invoice_row(invoice: Invoice) -> Invoice:
    return replace(invoice, uses=list(invoice.uses), entries=list(invoice.entries))
