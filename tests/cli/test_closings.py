"""With closings, with some of them and with none, every look-up says the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from sqlalchemy import Connection, text

from db.books import Snapshot, snapshot
from db.look_ups import (
    By,
    Period,
    balances,
    count_grants,
    entries_that_touch,
    holdings,
    moved,
    remaining,
)
from db.look_ups import session as reading
from db.store import PostgresStore
from domain.books import Books
from domain.order import PROFILES
from tests.cli.conftest import Drain, Run, Write
from tests.cli.explain_situations import grant
from tests.cli.messages import line
from tests.reference.mixes import mix
from worker.accounting.reconciling import summaries
from worker.cli.balance_at import standing_data, standing_of
from worker.cli.explain import explanations
from worker.cli.explain_data import explained, explained_data
from worker.cli.explain_reasons import LISTED_MAX
from worker.cli.explain_replay import cases
from worker.cli.statement_data import statement_data
from worker.cli.statement_read import Asked, read_statement
from worker.closings import close_due
from worker.state import Data

EVERY, MESSAGES, AT_ONCE = 5, 500, 10
TICK = timedelta(microseconds=1)


@pytest.fixture
def accounts(run: Run, drain: Drain, write: Write, store: PostgresStore) -> list[Books]:
    """Something of every kind of message, decided at many instants."""
    said = [json.dumps(message).encode() for message, _ in mix(11, MESSAGES) if message]
    for place in range(0, len(said), AT_ONCE):
        run("publish", str(write(said[place : place + AT_ONCE])))
        drain()
    with snapshot(store.engine) as seen:
        return list(seen.books())


def closed(store: PostgresStore) -> int:
    """How many closings were made."""
    return close_due(store.engine, every=EVERY)


def answers(connection: Connection, accounts: list[Books]) -> Iterator[Any]:
    now = Snapshot(connection).now
    for books in accounts:
        (one,) = holdings(connection, *books.key)
        at = instants([books])
        for edge in (edge for instant in at for edge in (instant - TICK, instant)):
            yield standing_data(one, standing_of(connection, one, edge, now))
        for first, end in zip(at[:-3:4], at[3::4], strict=False):
            yield told(connection, one, Asked(first, end), now)
        for lot in books.grants:
            yield entries_that_touch(connection, one.account_id, lot)
        assert count_grants(connection, one.account_id, one.seq) == len(books.grants)
    yield from reconciled(Snapshot(connection), accounts)


def explanations_of(connection: Connection, accounts: list[Books]) -> Iterator[Data]:
    for books in accounts:
        (one,) = holdings(connection, *books.key)
        for seq in range(1, one.seq + 1):
            yield from (explained_data(entry) for entry in explanations(connection, one, [seq]))


def told(connection: Connection, account: Books, asked: Asked, now: datetime) -> Any:
    """A statement, as it is told."""
    found = read_statement(connection, account, PROFILES["standard"], asked, now)
    return statement_data(found, asked.at)


def reconciled(seen: Snapshot, accounts: list[Books]) -> Iterator[Any]:
    """Some periods of all, and of some customers those that an instant of theirs cuts in two."""
    edges = [None, *instants(accounts)[::20], None]
    for by in By:
        for first, end in combinations(edges, 2):
            yield summary(seen, Period("default", None, None, first, end, by))
    for books in accounts[:4]:
        for edge in instants([books]):
            yield summary(seen, Period(*books.key[:2], None, None, edge))
            yield summary(seen, Period(*books.key[:2], None, edge, None))


def instants(accounts: list[Books]) -> list[datetime]:
    return sorted({entry.recorded_at for books in accounts for entry in books.entries})


def summary(seen: Snapshot, period: Period) -> Any:
    return summaries(moved(seen, period), remaining(seen, period), balances(seen, period))


def test_closings_change_no_answer(store: PostgresStore, accounts: list[Books]) -> None:
    """Nor does it matter how many there are: they only say where to begin."""
    with reading(store.engine) as connection:
        expected = list(answers(connection, accounts))
    made = closed(store)
    assert made > len(accounts)
    with reading(store.engine) as connection:
        assert list(answers(connection, accounts)) == expected
    forgotten(store, "seq > 12")
    with reading(store.engine) as connection:
        assert list(answers(connection, accounts)) == expected


@pytest.mark.parametrize("listed", [LISTED_MAX, 2])
def test_closings_change_no_explanation(
    store: PostgresStore, accounts: list[Books], monkeypatch: pytest.MonkeyPatch, listed: int
) -> None:
    """Decided again from one of them, an entry comes to the same as from all of the ledger."""
    monkeypatch.setattr("worker.cli.explain_reasons.LISTED_MAX", listed)
    monkeypatch.setattr("worker.cli.explain.LISTED_MAX", listed)
    expected = [
        explained_data(explained(case))
        for books in accounts
        for case in cases(books, books.entries, range(1, books.seq + 1))
    ]
    assert {row["agrees"] for row in expected} == {True, None}
    assert any(row["left_out"] for row in expected) == (listed == 2)
    with reading(store.engine) as connection:
        assert list(explanations_of(connection, accounts)) == expected
    closed(store)
    with reading(store.engine) as connection:
        assert list(explanations_of(connection, accounts)) == expected


def test_what_came_before_a_closing_still_counts(
    run: Run, drain: Drain, write: Write, store: PostgresStore
) -> None:
    """A deduction that had partly come back, and a hold that stood."""
    said = [
        grant("a", 20, priority=1),
        grant("b", 20, priority=2),
        line("credit.deduct", "d", amount=40),
        line("credit.reverse", "r1", entry=3, amount=20),
        line("credit.hold", "h", hold="H", amount=15),
        grant("c", 30, priority=3),
        line("credit.reverse", "r2", entry=3, amount=10),
        line("credit.capture", "c", hold="H", amount=15),
    ]
    run("publish", str(write(said)))
    drain()
    assert closed(store) == 1
    with reading(store.engine) as connection:
        (one,) = holdings(connection, "default", "ada", "USD")
        back, captured = explanations(connection, one, [EVERY + 1, EVERY + 2])
    assert [(lot.grant, lot.amount) for lot in back.entry.allocations] == [("a", 10)]
    assert back.case.agrees
    assert [(row.grant, row.verdict) for row in captured.candidates] == [("b", "used")]
    assert captured.case.agrees


def forgotten(store: PostgresStore, where: str = "true") -> None:
    with store.engine.begin() as connection:
        for table in ("closings", "closing_grants"):
            connection.execute(text(f"DELETE FROM {table} WHERE {where}"))
