"""A long story of every kind of message in memory, and how accounts stood along its way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import NamedTuple

from domain.books import Books
from domain.identity import AccountKey
from domain.kept import Hold
from tests.reference.mixes import START, mix
from worker.codec import Codec
from worker.expiry import expire_due
from worker.memory.clock import MemoryClock
from worker.memory.rows import AccountRows
from worker.memory.store import MemoryStore
from worker.ports import Delivery
from worker.process import read_batch, settle
from worker.state import books_in_memory

MESSAGES = 1_500


class Seen(NamedTuple):
    """An account as its rows said at an instant; what had expired by then is not counted."""

    key: AccountKey
    at: datetime
    seq: int
    balance: int
    available: int
    held: int
    pending: int


class Story(NamedTuple):
    """What was seen on the way, and the books at the end."""

    seen: tuple[Seen, ...]
    books: dict[AccountKey, Books]
    now: datetime


@cache
def story(seed: int) -> Story:
    clock, seen = MemoryClock(START), list[Seen]()
    store, now = MemoryStore(clock), START
    for message, then in mix(seed, MESSAGES):
        if then > now:
            seen.extend(_seen(rows, now) for rows in store.accounts.values())
        now = then
        clock.set(now)
        if message is None:
            expire_due(store)
        else:
            raw = json.dumps(message).encode()
            settle(read_batch([Delivery("", raw)], Codec().decode), store, None)
    books = {account.key: account for account in books_in_memory(store)}
    return Story(tuple(seen), books, now)


def _seen(rows: AccountRows, at: datetime) -> Seen:
    grants = {name: replace(grant) for name, grant in rows.grants.items()}
    for hold in _over(rows, at):
        for lot in hold.lots:
            grants[lot.grant].held -= lot.amount
    gone = {name: grant.free for name, grant in grants.items() if grant.gone(at)}
    left = [grant for name, grant in grants.items() if name not in gone]
    return Seen(
        key=rows.account.key,
        at=at,
        seq=rows.account.seq,
        balance=rows.account.balance - sum(gone.values()),
        available=sum(grant.free for grant in left if grant.begins <= at),
        held=sum(grant.held for grant in grants.values()),
        pending=sum(grant.free for grant in left if grant.begins > at),
    )


def _over(rows: AccountRows, at: datetime) -> Iterator[Hold]:
    holds = (kept for kept in rows.kept.values() if isinstance(kept, Hold))
    return (hold for hold in holds if hold.is_open and hold.ends <= at)
