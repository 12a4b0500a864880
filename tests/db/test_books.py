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
from domain.kept import Hold, Spent, Transfer, Writeoff
from domain.messages import Message
from tests import builders, verbs
from worker.memory.clock import MemoryClock
from worker.memory.store import MemoryStore
from worker.ports import Store
from worker.process import Batch, process
from worker.state import books_in_memory

KEYS = [AccountKey(f"t{n % 3}", f"c{n}", currency) for n in range(9) for currency in ("USD", "JPY")]
DEDUCTION = 12
"""The entry that part of comes back."""

KEPT = {"holds": Hold, "transfers": Transfer, "writeoffs": Writeoff, "returned": Spent}


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
            *of_the_other_kinds(key),
        ]
        process(Batch(messages=messages[:1] if key == KEYS[-1] else messages), store, None)


def of_the_other_kinds(key: AccountKey) -> list[Message]:
    """Holds, transfers, write-offs, amendments and what came back; by this time a 500, b 900."""
    tolerance = {"tolerances": {"p": {"USD": 50, "JPY": 50}}}
    return [
        verbs.configure_tenant(tolerance, **about(key, "ct")),
        verbs.configure(plan="p", low_balance=10, **about(key, "ca")),
        verbs.amend("b", priority=7, memo="m", **about(key, "am")),
        verbs.amend("b", expires="2098-01-01", **about(key, "am2")),
        verbs.hold(60, "h", expires="2097-01-01", **about(key, "h")),
        verbs.hold(40, "captured", **about(key, "h2")),
        verbs.capture(30, "captured", **about(key, "c")),
        builders.invoice(100, "w", auto_apply=False, **about(key, "iw")),
        verbs.shortfall(20, "w", "off", **about(key, "sf")),
        builders.invoice(100, "r", auto_apply=False, **about(key, "ir")),
        verbs.shortfall(30, "r", "back", **about(key, "sb")),
        verbs.reverse_writeoff("back", **about(key, "rw")),
        builders.deduct(50, **about(key, "d2")),
        verbs.reverse(20, entry=DEDUCTION, **about(key, "re")),
        verbs.transfer(70, f"to {key.customer}", "t", **about(key, "tr")),
    ]


def plain(books: Books) -> dict[str, Any]:
    """Everything in the books but the instants of deciding, and the hashes over them."""
    told = {field.name: getattr(books, field.name) for field in fields(books)} | {"head": None}
    instants = {"recorded_at": None, "dated_at": None, "hash": None}
    told["entries"] = [{**entry._asdict(), **instants} for entry in books.entries]
    told["grants"] = sorted(
        ({**asdict(grant), "details": None} for grant in books.grants),
        key=lambda grant: str(grant["grant"]),
    )
    invoices = (asdict(invoice) for invoice in books.invoices)
    told["invoices"] = sorted(invoices, key=lambda invoice: str(invoice["invoice"]))
    receipts = ({**asdict(receipt), "at": None} for receipt in books.receipts)
    told["receipts"] = sorted(receipts, key=lambda receipt: str(receipt["cause"]))
    told |= {"kept": sorted(books.kept, key=str), "amendments": list(books.amendments)}
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
        assert seen.orphans == dict.fromkeys(reading.READ, 0)
        assert seen.count(accounts) == 2 * len(KEYS) - 1  # each but the last has sent to another
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
        told = [books for books in seen.books() if books.key in KEYS]
        assert all(any(grant.grant == "late" for grant in books.grants) for books in told)


def test_a_snapshot_cannot_write(engine: Engine) -> None:
    with snapshot(engine) as seen, pytest.raises(Exception, match="read-only"):
        seen._connection.execute(accounts.delete())


def test_what_is_exported_is_seen_by_others(engine: Engine) -> None:
    store = PostgresStore(engine)
    fill(store)
    with snapshot(engine) as seen:
        exported = seen.export()
        late = [builders.grant(1, "late", **about(key, "late")) for key in KEYS]
        process(Batch(messages=late), store, None)
        with snapshot(engine, exported) as same, snapshot(engine) as other:
            found, copied, later = ([*map(plain, one.books())] for one in (seen, same, other))
    assert copied == found
    assert later != found


@pytest.mark.parametrize("at", [0, 7, -1])
def test_parts_make_up_the_whole(engine: Engine, database_url: str, at: int) -> None:
    """Also with rows that have lost their account on either side of where they meet."""
    fill(PostgresStore(engine))
    with snapshot(engine) as seen:
        ids = [books.account_id for books in seen.books()]
    for gone in ([], ids[6:8]):
        delete(database_url, gone)
        with snapshot(engine) as seen:
            whole, orphans = [*map(plain, seen.books())], seen.orphans
            low, of_low = [*map(plain, seen.books(None, ids[at]))], seen.orphans
            high, of_high = [*map(plain, seen.books(ids[at], None))], seen.orphans
        assert [*low, *high] == whole
        assert all(books["account_id"] < ids[at] for books in low)
        assert {name: of_low[name] + of_high[name] for name in orphans} == orphans
        if at == 7 and gone:
            assert of_low["entries"] > 0 and of_high["entries"] > 0


@pytest.mark.parametrize("which", ["first", "last", "all"])
def test_rows_without_an_account_are_counted(engine: Engine, database_url: str, which: str) -> None:
    fill(PostgresStore(engine))
    with snapshot(engine) as seen:
        whole = {books.account_id: books for books in seen.books()}
    gone = {"first": [min(whole)], "last": [max(whole)], "all": list(whole)}[which]
    delete(database_url, gone)
    with snapshot(engine) as seen:
        assert {books.account_id for books in seen.books()} == whole.keys() - set(gone)
        assert seen.orphans == {
            name: sum(rows_in(whole[account_id], name) for account_id in gone)
            for name in reading.READ
        }


def delete(database_url: str, gone: list[str]) -> None:
    """The rows of some accounts, and nothing else of them."""
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM accounts WHERE account_id = ANY(%s::uuid[])", (gone,))


def rows_in(books: Books, table: str) -> int:
    """How many rows of a table an account's books came from."""
    if table in KEPT:
        return sum(isinstance(kept, KEPT[table]) for kept in books.kept)
    return len(getattr(books, table))
