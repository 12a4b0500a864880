"""What is asked of closings, and with their help, comes from indexes and reads little."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from sqlalchemy import Connection, Engine, text

from db.books import Snapshot
from db.closings import CLOSE, FIND
from db.look_ups import (
    Period,
    Span,
    balances,
    closing_by,
    count_grants,
    entries_at,
    entries_that_touch,
    grants_before,
    moved,
    page,
    receipts_called,
    remaining,
    stretch_to,
    went_by,
    with_grants,
)
from domain.identity import NIL
from tests.db.hot_account import DEDUCTION, HOT, REVERSAL, ROWS, at, hot_account
from tests.db.reads import asked, nodes_of, touched
from tests.db.test_look_up_plans import account
from worker.closings import close_due
from worker.embedded import Servers

EVERY = 1_100
CLOSINGS, BEHIND = divmod(ROWS, EVERY)
"""And the entries behind the newest."""

RECEIPTS = f"""
INSERT INTO receipts (account_id, key, source, id, type, digest, outcome, decided_at, business_at,
                      event_seq, repeats, conflicts)
SELECT '{HOT}', md5(n::text)::uuid, '/s', n::text, 't', '{HOT}', 'applied', now(), now(), 0, 0, 0
FROM generate_series(1, 3000) n;
"""


@pytest.fixture(scope="module")
def closed(servers: Servers, template: str) -> Iterator[Engine]:
    """54 closings of 60,000 entries, all of which touch one grant."""
    with hot_account(servers, template, "scrip_closing_plans") as engine:
        with engine.begin() as connection:
            connection.execute(text(RECEIPTS))
        assert close_due(engine, every=EVERY) == CLOSINGS
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        yield engine


@pytest.fixture
def connection(closed: Engine) -> Iterator[Connection]:
    with closed.connect() as opened:
        yield opened


def summary(connection: Connection, first: datetime | None, end: datetime | None) -> object:
    seen, period = Snapshot(connection), Period("t", "hot", None, first, end)
    return list(moved(seen, period)), remaining(seen, period), balances(seen, period)


@pytest.mark.parametrize(
    ("first", "end", "edges"),
    [(None, None, 0), (at(5_000), at(9_000), 2), (at(5_000), at(5_001), 1), (None, at(9_000), 1)],
)
def test_a_summary_reads_the_entries_around_its_edges(
    connection: Connection, first: datetime | None, end: datetime | None, edges: int
) -> None:
    """And those behind the newest closing; where an edge is, one more says what there was."""
    reads = asked(connection, lambda c: summary(c, first, end))
    balances_too = EVERY * sum(edge is not None for edge in (first, end))
    indexes, rows = reads["entries"]
    assert indexes == {"entries_pkey"}
    assert edges * EVERY + BEHIND <= rows <= edges * EVERY + BEHIND + balances_too
    assert "Seq Scan" not in reads["grants"][0]
    assert reads["grants"][1] <= rows + 2


def test_a_grants_entries_are_looked_for_where_it_was_touched(connection: Connection) -> None:
    """Grant 9 never was: only what no closing knows yet is read, from the primary key."""
    (grant,) = with_grants(connection, account(), ["9"]).grants
    reads = asked(connection, lambda c: entries_that_touch(c, HOT, grant))
    assert reads["entries"] == ({"entries_pkey"}, BEHIND)


def test_an_entry_is_decided_again_from_the_closing_before_it(connection: Connection) -> None:
    """Of older entries the one that is taken back is read, and five that brought grants."""
    found = stretch_to(connection, account(), [REVERSAL], every_grant_of=1_000)
    assert found is not None
    assert (found.opening.seq, found.last) == (REVERSAL - REVERSAL % EVERY, REVERSAL)
    assert [entry.seq for entry in found.opening.earlier] == [DEDUCTION]
    reads = asked(connection, lambda c: stretch_to(c, account(), [REVERSAL], every_grant_of=1_000))
    indexes, rows = reads["entries"]
    assert indexes == {"entries_pkey", "entries_of_seldom_kinds"}
    assert rows == REVERSAL % EVERY + len(["before", "itself", "behind"]) + 1 + 5
    assert reads["grants"] == ({"grants_pkey"}, 1)
    assert reads["closing_grants"] == ({"closing_grants_pkey"}, 1)
    assert reads["invoices"][1] == 0


def test_entries_that_no_closing_separates_are_decided_again_together(
    connection: Connection,
) -> None:
    """An invoice that many entries touched is explained in as many goes as closings lie in it."""
    first = 5 * EVERY
    wanted = [first - 1, first, first + 1, first + EVERY, first + EVERY + 1]
    lasts = list[int]()
    while wanted:
        found = stretch_to(connection, account(), wanted, every_grant_of=1_000)
        assert found is not None
        lasts.append(found.last)
        wanted = [seq for seq in wanted if seq > found.last]
    assert lasts == [first, first + EVERY, first + EVERY + 1]


def test_any_number_of_entries_can_be_asked_for(connection: Connection) -> None:
    """A statement takes 65,535 parameters."""
    assert len(entries_at(connection, HOT, range(1, 70_000))) == ROWS
    span = Span(HOT, 1, ROWS, seqs=tuple(range(1, 70_000)))
    assert len(page(connection, span, 3).entries) == 3


@pytest.mark.parametrize(
    ("ask", "table", "indexes", "rows"),
    [
        (lambda c: closing_by(c, HOT, 30_000), "closings", {"closings_pkey"}, 1),
        (lambda c: went_by(c, HOT, ["g"], 30_000), "closing_grants",
         {"closing_grants_pkey"}, 1),
        (lambda c: went_by(c, HOT, ["g", "9"], 30_000), "grants", {"grants_open"}, 2),
        (lambda c: count_grants(c, HOT, ROWS), "entries", {"entries_of_seldom_kinds"}, 1),
        (lambda c: grants_before(c, HOT, 50_001, 3), "entries", {"entries_of_seldom_kinds"}, 4),
        (lambda c: receipts_called(c, [HOT], "7", "/s"), "receipts", {"receipts_pkey"}, 0),
        (lambda c: receipts_called(c, [HOT], "7"), "receipts", {"receipts_pkey"}, 0),
    ],
)  # fmt: skip
def test_a_look_up_asks_an_index(
    connection: Connection,
    ask: Callable[[Connection], object],
    table: str,
    indexes: set[str],
    rows: int,
) -> None:
    """And reads what it tells."""
    assert asked(connection, ask)[table] == (indexes, rows)


def test_the_next_closing_reads_its_own_entries(connection: Connection) -> None:
    """One is made of what is behind the newest, however long the ledger before it."""
    made = {"account": HOT, "every": BEHIND}
    row = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {CLOSE.decode()}", made).one()
    nodes = list(nodes_of(row[0][0]["Plan"]))
    assert touched(nodes, "entries") == ({"entries_pkey"}, BEHIND + 1)
    assert touched(nodes, "grants") == ({"grants_pkey"}, 1)
    found = [node for node in nodes if node.get("Alias") == "c"]
    assert [node["Index Name"] for node in found] == ["closing_grants_pkey"]
    connection.rollback()


def test_accounts_are_looked_at_by_their_key(connection: Connection) -> None:
    """A portion at a time, and the newest closing of those that are long enough to have one."""
    connection.execute(text("SET LOCAL enable_seqscan = off"))  # the table is small
    given = {"after": NIL, "count": 100, "every": EVERY}
    row = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {FIND.decode()}", given).one()
    nodes = list(nodes_of(row[0][0]["Plan"]))
    assert touched(nodes, "accounts") == ({"accounts_pkey"}, 100)
    assert touched(nodes, "closings")[1] <= 1
