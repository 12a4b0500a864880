"""A ledger is looked up through its primary key: complete, once each, and from where it begins."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from db.engine import engine_for
from db.look_ups import Wanted, page, rows_of, span_of
from db.store import PostgresStore
from domain.grants import GrantCredit
from domain.identity import account_id
from domain.messages import Message
from domain.vocabulary import Kind
from tests import builders, verbs
from tests.db.hot_account import HOT, INVOICED, ROWS, at, hot_account
from worker.embedded import Servers
from worker.process import Batch, process


@pytest.fixture(scope="module")
def filled(servers: Servers, template: str) -> Iterator[Engine]:
    with hot_account(servers, template, "scrip_look_ups") as engine:
        yield engine


@pytest.fixture
def connection(filled: Engine) -> Iterator[Connection]:
    with filled.connect() as opened:
        yield opened


def seqs(connection: Connection, *, oldest_first: bool = False, **wanted: Any) -> list[int]:
    span = span_of(connection, HOT, Wanted(**wanted))
    return [entry.seq for entry in rows_of(connection, span, oldest_first=oldest_first)]


def test_every_row_comes_once_in_either_direction(connection: Connection) -> None:
    assert seqs(connection, oldest_first=True) == list(range(1, ROWS + 1))
    assert seqs(connection) == list(range(ROWS, 0, -1))


@pytest.mark.parametrize(
    ("since", "until", "first", "last"),
    [
        (at(-9), None, 1, ROWS),
        (at(0), at(1), 1, 2),
        (at(1), at(2), 3, 5),
        (at(1), at(1), 1, 0),
        (at(19_999), at(20_000), 59_997, 59_999),
        (at(20_000), None, ROWS, ROWS),
        (at(20_001), None, 1, 0),
        (None, at(0), 1, 0),
    ],
)
def test_dates_are_half_open(
    connection: Connection, since: datetime | None, until: datetime | None, first: int, last: int
) -> None:
    assert seqs(connection, since=since, until=until, oldest_first=True) == list(
        range(first, last + 1)
    )


def test_filters_hold_at_once(connection: Connection) -> None:
    assert seqs(connection, kinds=(Kind.GRANT,), before=15_001) == [15_000, 10_000, 5_000]
    assert seqs(connection, tag=("team", "blue")) == [40_001, 20_001, 1]
    assert seqs(connection, tag=("team", None), after=1, since=at(6_000)) == [40_001, 20_001]
    assert seqs(connection, tag=("team", "red")) == []
    assert seqs(connection, invoice="INV") == sorted(INVOICED, reverse=True)
    assert seqs(connection, invoice="INV", kinds=(Kind.GRANT,)) == []
    assert seqs(connection, invoice="INV", until=at(2_000)) == [3_000, 7]
    assert seqs(connection, invoice="nobody's") == []
    assert seqs(connection, reference="nobody's") == []
    assert seqs(connection, reference="po-7", after=59_998) == [60_000, 59_999]


@pytest.mark.parametrize("oldest_first", [False, True])
@pytest.mark.parametrize(
    "filters",
    [
        {"kinds": (Kind.APPLICATION,)},
        {"kinds": (Kind.GRANT, Kind.APPLICATION)},
        {"kinds": (Kind.GRANT, Kind.VOID)},
        {"tag": ("team", "blue")},
        {"tag": ("team", None), "kinds": (Kind.APPLICATION,)},
        {"reference": "po-7", "since": at(10_000)},
        {"invoice": "INV", "kinds": (Kind.DEDUCTION,)},
    ],
    ids=str,
)
def test_what_is_hard_to_find_comes_in_pages_that_say_where_to_go_on(
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
    filters: dict[str, Any],
    *,
    oldest_first: bool,
) -> None:
    """However few rows are looked at for a page, all pages together have each row once."""
    expected = seqs(connection, oldest_first=oldest_first, **filters)
    monkeypatch.setattr("db.look_ups.portions.SCANNED_MAX", 700)
    found, cursor = list[int](), None
    for _ in range(ROWS):
        edge: dict[str, Any] = {"after" if oldest_first else "before": cursor}
        span = span_of(connection, HOT, Wanted(**filters, **edge))
        rows, cursor = page(connection, span, 400, oldest_first=oldest_first)
        found += [entry.seq for entry in rows]
        if cursor is None:
            break
    assert found == expected
    assert seqs(connection, oldest_first=oldest_first, **filters) == expected
    assert expected


def test_pages_neither_skip_nor_repeat_while_rows_arrive(connection: Connection) -> None:
    """The cursor is the seq of the last row, and rows only ever come behind the newest."""
    turned, cursor, is_first = list[int](), None, True
    while is_first or cursor is not None:
        span = span_of(connection, HOT, Wanted(kinds=(Kind.GRANT,), before=cursor))
        rows, cursor = page(connection, span, 5)
        turned += [entry.seq for entry in rows]
        is_first = False
        _arrive(connection)
    assert turned == list(range(60_000, 0, -5_000))


def _arrive(connection: Connection) -> None:
    """A row behind all others, taken away again with the test's transaction."""
    columns = "kind, amount, balance, allocations, reverses, cause_source, cause_id, cause_type"
    rest = "order_profile, recorded_at, dated_at, hash"
    connection.execute(
        text(f"""
        WITH one AS (UPDATE accounts SET seq = seq + 1 WHERE account_id = :hot RETURNING seq)
        INSERT INTO entries (account_id, seq, {columns}, {rest})
        SELECT account_id, one.seq, {columns}, {rest} FROM entries, one
        WHERE account_id = :hot AND entries.seq = 5000"""),
        {"hot": HOT},
    )


def test_a_span_is_a_snapshot(database_url: str) -> None:
    """What arrives while rows are read is not among them."""
    engine = engine_for(database_url)
    store = PostgresStore(engine)
    process(Batch(messages=[builders.grant(500, "g")]), store, None)
    with engine.connect() as connection:
        span = span_of(connection, account_id(builders.ACME), Wanted())
        process(Batch(messages=[builders.deduct(5)]), store, None)
        assert [entry.seq for entry in rows_of(connection, span)] == [1]
        span = span_of(connection, account_id(builders.ACME), Wanted())
        assert [entry.seq for entry in rows_of(connection, span)] == [2, 1]
    engine.dispose()


def granted(name: str, reference: str) -> Message:
    own = {"amount": 100, "grant": name, "reference_number": reference}
    return builders.message(GrantCredit, own, name, {})


def test_a_reference_finds_what_touched_its_grants(database_url: str) -> None:
    """A grant's number is the one that it has now; a line of the grant's name is not the grant."""
    messages = [
        granted("a", "old"),
        granted("b", "po-7"),
        builders.deduct(10),
        builders.invoice(lines=[("b", None, 50)]),
        builders.invoice(45, "j"),
        verbs.amend("a", reference_number="po-9"),
    ]
    engine = engine_for(database_url)
    process(Batch(messages=messages), PostgresStore(engine), None)
    with engine.connect() as connection:
        of = partial(span_of, connection, account_id(builders.ACME))
        found = {
            number: [entry.seq for entry in rows_of(connection, of(Wanted(reference=number)))]
            for number in ("po-9", "po-7", "old")
        }
    engine.dispose()
    assert found == {"po-9": [5, 4, 3, 1], "po-7": [5, 2], "old": []}
