"""What is stored of one account beside its ledger."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, any_, literal
from sqlalchemy.dialects.postgresql import ARRAY

from db.books import READ, ROWS_AT_A_TIME
from db.books_kept import KEPT
from db.tables import grants
from db.tables_kept import amendments, holds
from domain.books import Books

Only = Mapping[str, ColumnElement[bool] | None]
"""Of each part that is wanted, which of its rows; None for all."""


def open_parts(connection: Connection, account: Books) -> Books:
    """The same account with the grants that have something left and the holds that stand."""
    return read_parts(connection, account, {"grants": grants.c.is_open, "holds": holds.c.is_open})


def with_grants(
    connection: Connection, account: Books, names: Collection[str] | None = None
) -> Books:
    """The same account with its grants, or those of these ids; with how they were amended, and the
    holds that stand."""
    wanted: Only = {"grants": None, "amendments": None, "holds": holds.c.is_open}
    if names is not None:
        of = {"grants": grants.c.grant_id, "amendments": amendments.c.grant_id}
        wanted = {**wanted, **{name: among(column, names) for name, column in of.items()}}
    return read_parts(connection, account, wanted)


def among(column: ColumnElement[str], names: Collection[str]) -> ColumnElement[bool]:
    """Whether it is one of these, however many; the statement stays the same."""
    return column == any_(literal(list(names), ARRAY(Text)))


def read_parts(connection: Connection, account: Books, only: Only) -> Books:
    """The same account with these parts, named as in `db.books.READ`, and no other kept ones.

    All rows of a part come a portion at a time. Some of them come at once: a cursor would have the
    planner go through all in their order instead of asking the index that leads to these.
    """
    parts: dict[str, Any] = {}
    for name, condition in only.items():
        wanted, of = READ[name]
        column = next(iter(wanted.selected_columns))
        wanted = wanted.where(column == account.account_id)
        if condition is None:
            rows = connection.execute(wanted, execution_options={"yield_per": ROWS_AT_A_TIME})
        else:
            rows = connection.execute(wanted.where(condition))
        parts[name] = [of(tuple(row)) for row in rows]
    kept = [row for name in KEPT for row in parts.pop(name, ())]
    return replace(account, kept=kept, **parts)
