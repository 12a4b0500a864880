"""The books that are read from the database are those that the rules made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine

from db import books as reading
from db.books import snapshot
from db.engine import engine_for
from db.store import PostgresStore
from db.tables import accounts
from domain.books import Books
from domain.identity import AccountKey
from domain.invariants import violations
from tests import builders
from worker.memory.clock import MemoryClock
from worker.memory.store import MemoryStore
from worker.ports import Store
from worker.process import Batch, process
from worker.state import books_in_memory

KEYS = [AccountKey(f"t{n % 3}", f"c{n}", currency) for n in range(9) for currency in ("USD", "JPY")]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = engine_for(database_url)
    yield opened
    opened.dispose()


def about(key: AccountKey, name: str) -> Any:
    return {**key._asdict(), "id": f"{name} of {key.customer}"}


def fill(store: Store) -> None:
    """Something of everything on every account; nothing at all on the last one."""
    for key in KEYS:
        messages = [
            builders.grant(500, "a", priority=1, scope=["api"], **about(key, "a")),
            builders.grant(900, "b", expires="2099-01-01", **about(key, "b")),
            builders.invoice(lines=[("1", "api", 700), ("2", None, 50)], **about(key, "i")),
            builders.deduct(10_000, **about(key, "d")),
            builders.void(**about(key, "v")),
        ]
        process(Batch(messages=messages[:1] if key == KEYS[-1] else messages), store, None)


def plain(books: Books) -> dict[str, Any]:
    """Everything in the books but the instants of deciding, and the hashes over them."""
    told = {field.name: getattr(books, field.name) for field in fields(books)} | {"head": None}
    instants = {"recorded_at": None, "dated_at": None, "hash": None}
    told["entries"] = [{**entry._asdict(), **instants} for entry in books.entries]
    told["grants"] = sorted(
        ({**asdict(grant), "details": None} for grant in books.grants),
        key=lambda grant: str(grant["grant"]),
    )
    told["invoices"] = [asdict(invoice) for invoice in books.invoices]
    receipts = ({**asdict(receipt), "at": None} for receipt in books.receipts)
    told["receipts"] = sorted(receipts, key=lambda receipt: str(receipt["cause"]))
    return told


def test_they_are_those_of_the_store_in_memory(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "ROWS_AT_A_TIME", 7)  # so that accounts lie across portions
    memory = MemoryStore(MemoryClock(builders.NOON))
    fill(memory)
    fill(PostgresStore(engine))
    with snapshot(engine) as seen:
        found = list(seen.books())
        assert seen.orphans == {"entries": 0, "grants": 0, "invoices": 0, "receipts": 0}
        assert seen.count(accounts) == len(KEYS)
    ids = [books.account_id for books in found]
    assert ids == sorted(ids)
    expected = {books.account_id: plain(books) for books in books_in_memory(memory)}
    assert {books.account_id: plain(books) for books in found} == expected
    assert [violation for books in found for violation in violations(books)] == []


def test_a_snapshot_does_not_see_what_comes_later(engine: Engine) -> None:
    store = PostgresStore(engine)
    fill(store)
    with snapshot(engine) as seen:
        stream = seen.books()
        first = next(stream)
        late = [builders.grant(1, "late", **about(key, "late")) for key in KEYS]
        process(Batch(messages=late), store, None)
        assert not any(
            grant.grant == "late" for books in (first, *stream) for grant in books.grants
        )
    with snapshot(engine) as seen:
        assert all(any(grant.grant == "late" for grant in books.grants) for books in seen.books())


def test_a_snapshot_cannot_write(engine: Engine) -> None:
    with snapshot(engine) as seen, pytest.raises(Exception, match="read-only"):
        seen._connection.execute(accounts.delete())


@pytest.mark.parametrize("which", ["first", "last", "all"])
def test_rows_without_an_account_are_counted(engine: Engine, database_url: str, which: str) -> None:
    fill(PostgresStore(engine))
    with snapshot(engine) as seen:
        whole = {books.account_id: books for books in seen.books()}
    gone = {"first": [min(whole)], "last": [max(whole)], "all": list(whole)}[which]
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM accounts WHERE account_id = ANY(%s::uuid[])", (gone,))
    with snapshot(engine) as seen:
        assert {books.account_id for books in seen.books()} == whole.keys() - set(gone)
        assert seen.orphans == {
            name: sum(len(getattr(whole[account_id], name)) for account_id in gone)
            for name in ("entries", "grants", "invoices", "receipts")
        }
