"""What PostgreSQL reads for a statement: by which indexes, and how many rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, event


def plan(connection: Connection, statement: Any, **parameters: Any) -> list[dict[str, Any]]:
    """The nodes of what PostgreSQL did for a statement, with the rows that each brought."""

    said = list[Any]()
    event.listen(connection, "before_cursor_execute", lambda *given: said.extend(given[2:4]))
    connection.execute(statement, parameters)
    row = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {said[0]}", said[1]).one()
    return list(nodes_of(row[0][0]["Plan"]))


def asked(connection: Connection, ask: Callable[[Connection], object]) -> dict[str, Any]:
    """By table, by which indexes a look-up reads it, and how many of its rows."""
    said = list[tuple[str, Any]]()

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        said.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    ask(connection)
    event.remove(connection, "before_cursor_execute", note)
    found: dict[str, Any] = {}
    for statement, parameters in said:
        explained = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
        row = connection.exec_driver_sql(explained, parameters).one()
        nodes = list(nodes_of(row[0][0]["Plan"]))
        for table in {node["Relation Name"] for node in nodes if "Relation Name" in node}:
            before = found.get(table, (set(), 0))
            indexes, rows = touched(nodes, table)
            found[table] = (before[0] | indexes, before[1] + rows)
    return found


def nodes_of(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's node and all below it."""
    yield node
    for child in node.get("Plans", ()):
        yield from nodes_of(child)


def touched(nodes: list[dict[str, Any]], table: str) -> tuple[set[str], int]:
    """By which indexes a table was read, and how many of its rows."""
    reads = [node for node in nodes if node.get("Relation Name") == table]
    maps = [node for node in nodes if node["Node Type"] == "Bitmap Index Scan"]
    rows = sum(
        (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        for node in reads
    )
    names = {node.get("Index Name", node["Node Type"]) for node in reads}
    if "Bitmap Heap Scan" in names:
        names = names - {"Bitmap Heap Scan"} | {node["Index Name"] for node in maps}
    return names, rows
