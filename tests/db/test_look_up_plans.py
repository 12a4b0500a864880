"""Looking a ledger up reads its primary key from where the answer begins, and no more of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from db.look_ups import FIRST_SINCE, ROWS_AT_A_TIME, Wanted, page_of, rows_of, span_of
from domain.vocabulary import Kind
from tests.db.hot_account import HOT, INVOICED, ROWS, at, hot_account
from worker.embedded import Servers


@pytest.fixture(scope="module")
def filled(servers: Servers, template: str) -> Iterator[Engine]:
    with hot_account(servers, template, "scrip_look_up_plans") as engine:
        yield engine


@pytest.fixture
def connection(filled: Engine) -> Iterator[Connection]:
    with filled.connect() as opened:
        yield opened


def plan(connection: Connection, statement: Any, **parameters: Any) -> list[dict[str, Any]]:
    """The nodes of what PostgreSQL did for a statement, with the rows that each brought."""

    said = list[Any]()
    event.listen(connection, "before_cursor_execute", lambda *given: said.extend(given[2:4]))
    connection.execute(statement, parameters)
    row = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {said[0]}", said[1]).one()
    return list(_nodes(row[0][0]["Plan"]))


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def touched(nodes: list[dict[str, Any]], table: str) -> tuple[set[str], int]:
    """By which indexes a table was read, and how many of its rows."""
    reads = [node for node in nodes if node.get("Relation Name") == table]
    rows = sum(
        (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        for node in reads
    )
    return {node.get("Index Name", node["Node Type"]) for node in reads}, rows


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        (Wanted(), 50),
        (Wanted(before=30_000), 50),
        (Wanted(since=at(5_000), until=at(6_000)), 50),
        (Wanted(invoice="INV"), len(INVOICED)),
        (Wanted(reference="po-7"), 50),
    ],
    ids=str,
)
@pytest.mark.parametrize("oldest_first", [False, True])
def test_a_page_is_read_from_where_it_begins(
    connection: Connection, wanted: Wanted, rows: int, *, oldest_first: bool
) -> None:
    """By the primary key, and no more rows than are shown, wherever in the ledger they are."""
    span = span_of(connection, HOT, wanted)
    asked = page_of(span, span.first, span.last, 50, oldest_first=oldest_first)
    indexes, read = touched(plan(connection, asked), "entries")
    assert (indexes, read) == ({"entries_pkey"}, rows)


def test_a_kind_is_looked_for_no_further_back_than_needed(connection: Connection) -> None:
    """No index knows kinds: each 40th row is one, so two of them are within 80 rows."""
    span = span_of(connection, HOT, Wanted(kinds=(Kind.APPLICATION,)))
    asked = page_of(span, span.first, span.last, 2, oldest_first=False)
    assert touched(plan(connection, asked), "entries") == ({"entries_pkey"}, 80)


def test_an_instant_is_found_by_halving(connection: Connection) -> None:
    """60,000 rows are halved 16 times."""
    nodes = plan(connection, text(FIRST_SINCE), account=HOT, instant=at(12_345))
    indexes, read = touched(nodes, "entries")
    assert indexes == {"entries_pkey"}
    assert 0 < read <= ROWS.bit_length() + 1


def test_rows_are_read_a_portion_at_a_time(connection: Connection) -> None:
    """So memory stays flat; and between portions no transaction is open."""
    counts = list[int]()
    event.listen(
        connection,
        "after_cursor_execute",
        lambda _c, cursor, *_: counts.append(cursor.rowcount),
    )
    span = span_of(connection, HOT, Wanted())
    del counts[:]
    rows = rows_of(connection, span, 2_500)
    assert (next(rows).seq, counts) == (ROWS, [ROWS_AT_A_TIME])
    assert not connection.in_transaction()
    assert (sum(1 for _ in rows), counts) == (2_499, [ROWS_AT_A_TIME, ROWS_AT_A_TIME, 500])
