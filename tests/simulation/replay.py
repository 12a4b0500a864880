"""I9: what was committed, decided again one by one at the stored instants, gives the same rows.

The journal puts messages and expiry runs of all accounts in one order, because transfers and
tenants' settings cross from one account to another.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from domain.batch import decide_batch
from domain.changes import Key
from domain.expiry import expire_batch
from domain.identity import AccountKey
from domain.messages import Message
from domain.wanted import Wanted, wanted
from tests.simulation.journal import Committed
from tests.simulation.load import SETTINGS
from tests.simulation.world import NOTICE, World
from worker.memory.clock import MemoryClock
from worker.memory.rows import AccountRows
from worker.memory.store import MemoryStore

COUNTERS = frozenset({"repeats", "conflicts"})
"""They tell of deliveries, not of messages, so no replay can give them."""
TABLES = ("grants", "invoices", "kept", "receipts", "details")

Told = Mapping[AccountKey, Sequence[str]]
"""The events of each account, in order."""


def replay(world: World, messages: Mapping[Key, Message], received: Told) -> Iterator[str]:
    """What differs, as sentences."""
    clock = MemoryClock()
    store, told = MemoryStore(clock), defaultdict[AccountKey, list[str]](list)
    store.settings.update(SETTINGS)
    for committed in world.journal:
        clock.set(committed.now)
        for text in _again(store, committed, messages):
            told[account_of(json.loads(text))].append(text)
    if store.settings != world.store.settings:
        yield "I9: the tenants' settings differ"
    if store.accounts.keys() != world.store.accounts.keys():
        yield "I9: there are other accounts"
    for name in store.accounts.keys() & world.store.accounts.keys():
        yield from _differences(store.accounts[name], world.store.accounts[name])
    if told != received:
        yield "I9, I11: the events differ"


def account_of(event: Mapping[str, Any]) -> AccountKey:
    """Whose event it is."""
    return AccountKey(*(event["data"][name] for name in AccountKey._fields))


def _again(
    store: MemoryStore, committed: Committed, messages: Mapping[Key, Message]
) -> Iterator[str]:
    """The events of one transaction, whose messages get a transaction each."""
    for key in committed.decided:
        message = messages[key]
        with store.transaction(None) as transaction:
            changes = decide_batch(transaction.gather(wanted([message])), [message])
            transaction.save(changes, ())
        yield from changes.events
    if committed.expired:
        with store.transaction(None) as transaction:
            state = transaction.gather(Wanted(accounts=dict(committed.expired)))
            # The run took no lock on what a batch may have changed while it went on.
            state.settings.update(committed.settings)
            changes = expire_batch(state, NOTICE)
            transaction.save(changes, ())
        yield from changes.events


def _differences(again: AccountRows, kept: AccountRows) -> Iterator[str]:
    """In the rows of one account."""
    where = " / ".join(kept.account.key)
    for name in ("account", "entries", "amendments"):
        if getattr(again, name) != getattr(kept, name):
            yield f"I9: the {name} of {where} differ"
    for table in TABLES:
        if _rows(getattr(again, table)) != _rows(getattr(kept, table)):
            yield f"I9: the {table} of {where} differ"


def _rows(table: Mapping[Any, Any]) -> Mapping[Any, Any]:
    return {name: _row(row) for name, row in table.items()}


def _row(row: Any) -> Any:
    if isinstance(row, tuple):
        return row
    return {f.name: getattr(row, f.name) for f in fields(row) if f.name not in COUNTERS}
