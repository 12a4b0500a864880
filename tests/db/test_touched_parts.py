"""What a statement reads of an account comes from indexes, and no more of it than is told."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, event

from db.look_ups import entries_in, open_parts, touched_parts, with_grants
from tests.db.hot_account import HOT, ROWS
from tests.db.reads import asked
from tests.db.test_look_up_plans import account, connection, filled

__all__ = ["connection", "filled"]


def test_what_is_named_and_what_is_open_is_read(connection: Connection) -> None:
    """Two of its 500 grants are open."""

    def ask(opened: Connection) -> object:
        names, invoices = ["9", "10"], ["INV"]
        between = (300, ROWS)
        return touched_parts(
            opened, account(), grants_named=names, invoices_named=invoices, seqs=between
        )

    reads = asked(connection, ask)
    assert reads["grants"] == ({"grants_open", "grants_pkey"}, 4)
    assert reads["invoices"] == ({"invoices_pkey"}, 1)


def test_some_entries_are_read_by_their_numbers(connection: Connection) -> None:
    found = list(entries_in(connection, HOT, ROWS - 2_499, ROWS))
    assert [entry.seq for entry in found] == list(range(ROWS - 2_499, ROWS + 1))
    reads = asked(connection, lambda opened: list(entries_in(opened, HOT, 30_000, 30_099)))
    assert reads == {"entries": ({"entries_pkey"}, 100)}


def test_only_whole_tables_are_read_through_a_cursor(connection: Connection) -> None:
    """PostgreSQL expects that few rows are fetched from one, and would go through all grants in
    their order for those that are open."""
    cursors = list[bool]()

    def note(*said: Any) -> None:
        cursors.append("yield_per" in said[4].execution_options)

    event.listen(connection, "before_cursor_execute", note)
    open_parts(connection, account())
    assert cursors == [False, False]
    with_grants(connection, account())
    assert cursors == [False, False, True, True, False]
