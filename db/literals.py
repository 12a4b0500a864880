"""PostgreSQL literals for whole columns.

psycopg can write lists by itself, value by value in Python, and that took a fifth of a batch.
"""

from collections.abc import Iterable


def plain_array(values: Iterable[object]) -> str:
    """An array of numbers, ids in hex or instants: nothing in it needs quotes."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def text_array(values: Iterable[str | None]) -> str:
    """An array of any text."""
    return "{" + ",".join([_quoted(value) for value in values]) + "}"


def _quoted(value: str | None) -> str:
    if value is None:
        return "NULL"
    if "\\" in value or '"' in value:
        value = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{value}"'
