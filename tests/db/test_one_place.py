"""What people read is asked in one place: nothing above `db/` writes SQL."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HANDLES = {"Connection", "Engine", "make_url"}
"""What may be passed on; everything else of SQLAlchemy makes or runs a statement."""


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def is_statement(name: str) -> bool:
    module, _, last = name.rpartition(".")
    if name.split(".", maxsplit=1)[0] in {"sqlalchemy", "psycopg"}:
        return last not in HANDLES and not module.endswith((".exc", ".errors"))
    return False


def test_the_command_line_writes_no_sql() -> None:
    offences = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / "worker" / "cli").rglob("*.py")
        for name in imported(path)
        if is_statement(name)
    ]
    assert not offences, f"ask db.look_ups instead: {offences}"


def test_it_knows_the_entrance_and_not_the_rooms() -> None:
    """`from db.look_ups import ...`, whatever file it lies in."""
    offences = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / "worker").rglob("*.py")
        for name in imported(path)
        if name.startswith("db.look_ups.") and name.count(".") > 2
    ]
    assert not offences
