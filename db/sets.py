"""How sets of rows are written: new ones by COPY, the others as one array for each column."""

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

from psycopg import Connection

from db.rows import Row

ToArray = Callable[[Iterable[Any]], str]
"""Writes a column as the literal of an array (`db/literals.py`)."""


def copy(connection: Connection[Any], table: str, columns: str, written: Iterable[Row]) -> None:
    """COPY, in key order for the index's sake; a table without new rows costs nothing."""
    ordered = sorted(written, key=itemgetter(0, 1))
    if not ordered:
        return
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({columns}) FROM STDIN".encode()) as copy,
    ):
        for row in ordered:
            copy.write_row(row)


def execute(
    connection: Connection[Any], sql: bytes, written: Sequence[Row], arrays: Sequence[ToArray]
) -> None:
    """Send one statement for all rows; without rows it costs nothing."""
    if written:
        columns = zip(*written, strict=True)
        literals = [array(column) for array, column in zip(arrays, columns, strict=True)]
        connection.execute(sql, literals, prepare=True)
