"""Looking a ledger up reads its primary key from where the answer begins, and no more of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from db.books import Snapshot
from db.look_ups import (
    CREDITS,
    ROWS_AT_A_TIME,
    Period,
    Span,
    Wanted,
    count_grants,
    credits_of,
    details_of,
    entries_at,
    grants_called,
    grants_with,
    holdings,
    invoices_called,
    moved,
    open_parts,
    page,
    page_of,
    rows_of,
    span_of,
    with_grants,
    writeoffs_of,
)
from db.look_ups.ledger import FIRST_SINCE
from domain.books import Books
from domain.identity import AccountKey
from domain.vocabulary import Kind
from tests.db.hot_account import DEDUCTION, HOT, INVOICED, ROWS, at, hot_account
from tests.db.reads import asked, plan, touched
from worker.embedded import Servers


@pytest.fixture(scope="module")
def filled(servers: Servers, template: str) -> Iterator[Engine]:
    with hot_account(servers, template, "scrip_look_up_plans") as engine:
        yield engine


@pytest.fixture
def connection(filled: Engine) -> Iterator[Connection]:
    with filled.connect() as opened:
        yield opened


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
    """No index knows what comes often: each 40th row is one, so two are within 80 rows."""
    span = span_of(connection, HOT, Wanted(kinds=(Kind.APPLICATION,)))
    asked = page_of(span, span.first, span.last, 2, oldest_first=False)
    assert touched(plan(connection, asked), "entries") == ({"entries_pkey"}, 80)


@pytest.mark.parametrize("oldest_first", [False, True])
def test_what_is_hard_to_find_is_looked_for_among_so_many_rows(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, *, oldest_first: bool
) -> None:
    """And the place to go on is found in the index alone."""
    monkeypatch.setattr("db.look_ups.portions.SCANNED_MAX", 1_000)
    wanted = Wanted(kinds=(Kind.APPLICATION,), reference="po-7", before=59_999, after=1)
    span = span_of(connection, HOT, wanted)
    reads = asked(connection, lambda c: page(c, span, 50, oldest_first=oldest_first))
    assert reads == {"entries": ({"entries_pkey"}, 2_000)}


@pytest.mark.parametrize("oldest_first", [False, True])
@pytest.mark.parametrize(
    ("wanted", "index", "rows"),
    [
        (Wanted(kinds=(Kind.GRANT,)), "entries_of_seldom_kinds", 12),
        (Wanted(kinds=(Kind.VOID, Kind.GRANT, Kind.EXPIRY)), "entries_of_seldom_kinds", 12),
        (Wanted(kinds=(Kind.GRANT,), before=30_000), "entries_of_seldom_kinds", 5),
        (Wanted(tag=("team", "blue")), "entries_with_tags", 3),
        (Wanted(tag=("team", "red")), "entries_with_tags", 3),
        (Wanted(tag=("team", None), since=at(10_000)), "entries_with_tags", 1),
    ],
    ids=str,
)
def test_what_is_seldom_has_an_index(
    connection: Connection, wanted: Wanted, index: str, rows: int, *, oldest_first: bool
) -> None:
    """No row is read that is not of the kind or has no tags, however few there are."""
    span = span_of(connection, HOT, wanted)
    query = page_of(span, span.first, span.last, 50, oldest_first=oldest_first)
    assert touched(plan(connection, query), "entries") == ({index}, rows)


def account() -> Books:
    key = AccountKey("t", "hot", "USD")
    return Books(key, HOT, 0, ROWS, 0, bytes(32), (), (), (), ())


@pytest.mark.parametrize(
    ("ask", "table", "indexes", "rows"),
    [
        (lambda c: holdings(c, "t", "hot", None), "accounts", {"accounts_by_customer"}, 1),
        (lambda c: open_parts(c, account()), "grants", {"grants_open"}, 2),
        (lambda c: with_grants(c, account(), ["g", "9"]), "grants", {"grants_pkey"}, 2),
        (lambda c: count_grants(c, HOT, ROWS), "grants", {"grants_pkey"}, 500),
        (lambda c: grants_with(c, HOT, "po-7"), "grants", {"grants_by_reference"}, 1),
        (lambda c: grants_called(c, HOT, "9"), "grants", {"grants_pkey"}, 1),
        (lambda c: grants_called(c, HOT, "ext"), "grants",
         {"grants_pkey", "grants_by_external_id"}, 1),
        (lambda c: details_of(c, HOT, ["g"]), "grants", {"grants_pkey"}, 1),
        (lambda c: invoices_called(c, "INV", [HOT]), "invoices", {"invoices_pkey"}, 1),
        (lambda c: entries_at(c, HOT, INVOICED), "entries", {"entries_pkey"}, 3),
        (lambda c: writeoffs_of(c, HOT, name="w"), "writeoffs", {"writeoffs_pkey"}, 2),
    ],
)  # fmt: skip
def test_a_look_up_asks_an_index(
    connection: Connection,
    ask: Callable[[Connection], object],
    table: str,
    indexes: set[str],
    rows: int,
) -> None:
    """And reads what it tells, whatever else its table has."""
    assert asked(connection, ask)[table] == (indexes, rows)


def test_an_invoice_of_whomever_is_asked_of_each_account(connection: Connection) -> None:
    """No index knows invoices alone; their table is not read for it all the same."""
    (found,) = invoices_called(connection, "INV", None)
    assert found.account.account_id == HOT
    reads = asked(connection, lambda c: invoices_called(c, "INV", None, "t"))
    assert reads["invoices"][0] == {"invoices_pkey"}


def test_what_took_a_credit_back_is_found_among_the_kinds_that_are_seldom(
    connection: Connection,
) -> None:
    """Of all the rows behind a deduction that came back, only the one that did it is read."""
    wanted = Wanted(kinds=CREDITS, before=DEDUCTION + 1, after=DEDUCTION - 1)
    span = span_of(connection, HOT, wanted)
    reads = asked(connection, lambda c: credits_of(c, span, 0, 1))
    assert reads["entries"] == ({"entries_pkey", "entries_of_seldom_kinds"}, 2)


def test_a_page_of_credits_is_read_from_where_it_begins(connection: Connection) -> None:
    """And what is left out before it."""
    span = span_of(connection, HOT, Wanted(kinds=CREDITS))
    reads = asked(connection, lambda c: page_of_credits(c, span))
    assert reads["entries"] == ({"entries_pkey"}, 30)


def page_of_credits(connection: Connection, span: Span) -> list[Any]:
    query = page_of(span, span.first, span.last, 10, is_bounded=False).offset(20)
    return list(connection.execute(query))


def test_a_grant_is_found_by_its_key_for_each_allocation(connection: Connection) -> None:
    """An account may have very many grants, and a summary names each of them very often."""
    reads = asked(connection, lambda c: list(moved(Snapshot(c), Period("t", "other"))))
    assert reads["grants"][0] == {"grants_pkey"}
    assert reads["grants"][1] <= 1_000


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
    ahead = ROWS_AT_A_TIME + 1  # one more tells whether there is more
    assert (next(rows).seq, counts) == (ROWS, [ahead])
    assert not connection.in_transaction()
    assert (sum(1 for _ in rows), counts) == (2_499, [ahead, ahead, 501])
