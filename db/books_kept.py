"""What accounts keep and their closings, as `db/books.py` reads it.

Of each a query in key order, and what makes its rows.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from sqlalchemy import Column, Select, Table, and_, select

from db.rows import Row
from db.rows_kept import hold_of, spent_of, transfer_of, writeoff_of
from db.tables import entries
from db.tables_closed import closing_grants, closings
from db.tables_kept import amendments, holds, returned, transfers, writeoffs
from domain.closings import Closing, ClosingGrant
from domain.kept import Amendment

Reading: TypeAlias = tuple[Select[Any], Callable[[Row], Any]]


def columns(table: Table, names: str) -> list[Column[Any]]:
    """Some columns of a table, in this order."""
    return [table.c[name] for name in names.split()]


def in_key_order(table: Table, wanted: list[Column[Any]]) -> Select[Any]:
    """All rows, in the order of the primary key, which begins with the account's id."""
    return select(*wanted).order_by(*table.primary_key.columns)


HOLD = columns(holds, "account_id hold lots expires_at since until terms")
TRANSFER = columns(transfers, "account_id transfer to_customer amount seq terms")
WRITEOFF = columns(
    writeoffs, "account_id writeoff invoice amount seq line parent plan is_reversed terms"
)
AMENDMENT = columns(
    amendments,
    "account_id grant_id number seq expires_before expires_at priority_before priority memo "
    "reference_number",
)
SPENT = [
    *columns(returned, "account_id seq"),
    *columns(entries, "kind invoice allocations"),
    returned.c.amount,
]

_THEIR_ENTRIES = and_(
    returned.c.account_id == entries.c.account_id, returned.c.seq == entries.c.seq
)

KEPT: dict[str, Reading] = {
    "holds": (in_key_order(holds, HOLD), lambda row: hold_of(row[1:])),
    "transfers": (in_key_order(transfers, TRANSFER), lambda row: transfer_of(row[1:])),
    "writeoffs": (in_key_order(writeoffs, WRITEOFF), lambda row: writeoff_of(row[1:])),
    "returned": (
        in_key_order(returned, SPENT).join_from(returned, entries, _THEIR_ENTRIES),
        lambda row: spent_of(row[1:]),
    ),
}

CLOSING = columns(closings, "account_id seq since recorded_at balance grants open_grants sums")
CLOSING_GRANT = columns(closing_grants, "account_id grant_id seq amount used expired voided moved")

CLOSED: dict[str, Reading] = {
    "closings": (in_key_order(closings, CLOSING), lambda row: Closing(*row[1:])),
    "closing_grants": (
        in_key_order(closing_grants, CLOSING_GRANT),
        lambda row: ClosingGrant(*row[1:]),
    ),
}

AMENDMENTS: Reading = (in_key_order(amendments, AMENDMENT), lambda row: Amendment(*row[1:]))
