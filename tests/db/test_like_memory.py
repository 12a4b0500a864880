"""Messages of every kind leave the same rows and events in PostgreSQL as in memory, and hashes.

The laws are shown in memory; this is what makes them true of the database.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import timedelta
from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from db.books import snapshot
from db.engine import engine_for
from db.store import PostgresStore
from domain.books import Books
from domain.expiry import expire_batch
from domain.identity import AccountKey, Id128
from domain.invariants import violations
from domain.messages import Message
from domain.wanted import Wanted
from tests import builders, verbs
from tests.builders import NOON
from tests.laws.lists import message_lists
from tests.standing import at
from worker.memory.clock import MemoryClock
from worker.memory.store import MemoryStore
from worker.ports import Store
from worker.process import Batch, process
from worker.state import books_in_memory

SOON, LATER = NOON + timedelta(minutes=40), NOON + timedelta(minutes=140)
BEGINNING = [
    verbs.configure_tenant({"plan": "basic", "tolerances": {"basic": {"USD": 20}}}, id="b1"),
    verbs.configure(low_balance=60, id="b0"),
    builders.grant(30, "1", id="b2"),
    builders.grant(30, "2", expires=SOON, id="b3"),
    builders.grant(20, "3", priority=10, expires=LATER, id="b4"),
    builders.invoice(25, "1", id="b5"),
    builders.invoice(10, "2", auto_apply=False, id="b6"),
    builders.invoice(12, "3", auto_apply=False, id="b7"),
    builders.deduct(7, id="b8"),
    verbs.hold(6, "1", id="b9"),
    verbs.hold(9, "2", expires=SOON, id="b10"),
    verbs.shortfall(4, "2", "1", id="b11"),
    verbs.amend("2", priority=20, expires=LATER, memo="m", id="b12"),
    verbs.transfer(5, "other", "1", id="b13"),
    verbs.reverse(3, entry=5, id="b14"),
    verbs.configure(apply_to_open_invoices=True, low_balance=9, id="b15"),
]
"""Something of everything, under names that the generated messages use as well."""

STEP = timedelta(minutes=25)
NOTICE = timedelta(hours=2)

_numbers = count(1)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = engine_for(database_url)
    yield opened
    opened.dispose()


def of_tenants_of_its_own(messages: list[Message]) -> tuple[str, list[Message]]:
    """The messages, about accounts that no other example knows, and how their tenants end."""
    ending = f"/{next(_numbers)}"
    bodies = ((m, replace(m.body, tenant=m.body.tenant + ending)) for m in messages)
    return ending, [replace(message, body=body) for message, body in bodies]


def in_batches(messages: list[Message], cuts: list[int]) -> list[list[Message]]:
    """The list in parts, none of them empty."""
    places = sorted({0, len(messages), *(cut for cut in cuts if cut < len(messages))})
    return [messages[a:b] for a, b in pairwise(places)]


def decide(store: Store, expirer: Store, batch: list[Message]) -> None:
    """Process a batch, and then all that its accounts' time brings about, as another process."""
    process(Batch(messages=batch), store, None)
    accounts: dict[Id128, AccountKey] = {m.account_id: m.key for m in batch}
    with expirer.transaction(None) as transaction:
        state = transaction.gather(Wanted(accounts=accounts))
        transaction.save(expire_batch(state, NOTICE), ())


def published(store: Store) -> dict[tuple[str | None, ...], list[str]]:
    """The events that wait, by account, and then no longer do; between accounts is no order."""
    unsent = store.unsent(1_000, ())
    store.forget([row.id for row in unsent])
    events: defaultdict[tuple[str | None, ...], list[str]] = defaultdict(list)
    for event in (event for row in unsent for event in row.events):
        data = json.loads(event)["data"]
        events[tuple(data.get(name) for name in AccountKey._fields)].append(event)
    return events


def exact(books: Books) -> dict[str, Any]:
    """Everything in the books, in an order of its own."""
    parts = (books.grants, books.invoices, books.receipts)
    grants, invoices, receipts = (sorted(map(str, map(asdict, part))) for part in parts)
    told: dict[str, Any] = {"grants": grants, "invoices": invoices, "receipts": receipts}
    told |= {"entries": list(books.entries), "kept": sorted(map(str, books.kept))}
    return {**vars(books), **told, "amendments": sorted(map(str, books.amendments))}


AT_HAND = (0, 6, 1_000)
"""Grants that the store may keep in memory: none, too few for all accounts, and enough."""


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(messages=[], cuts=[5, 12], at_hand=0)
@example(messages=[], cuts=[5, 9, 12, 14], at_hand=1_000)
@given(
    messages=message_lists(),
    cuts=st.lists(st.integers(1, 40), max_size=9),
    at_hand=st.sampled_from(AT_HAND),
)
def test_both_stores_keep_the_same(
    engine: Engine, messages: list[Message], cuts: list[int], at_hand: int
) -> None:
    """I9, R23: whatever is gathered and saved is what the rules made of it."""
    ending, messages = of_tenants_of_its_own([*BEGINNING, *messages])
    clock, postgres = MemoryClock(NOON), PostgresStore(engine, at_hand)
    memory, expirer = MemoryStore(clock), PostgresStore(engine)
    for number, batch in enumerate(in_batches(messages, cuts)):
        clock.set(NOON + number * STEP)
        with at(clock.now()):
            decide(postgres, expirer, batch)
        decide(memory, memory, batch)
    assert published(postgres) == published(memory)
    expected = {books.account_id: exact(books) for books in books_in_memory(memory)}
    with snapshot(engine) as seen:
        mine = [books for books in seen.books() if books.key.tenant.endswith(ending)]
        broken = [check.words for check, rows in seen.checks() if rows]
    assert {books.account_id: exact(books) for books in mine} == expected
    assert [violation for books in mine for violation in violations(books)] == []
    assert broken == []
