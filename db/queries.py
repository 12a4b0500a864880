"""The hot statements, kept as SQL: one per file in `sql/`, its name the file's."""

from pathlib import Path

_SQL = {file.stem: file.read_text() for file in (Path(__file__).parent / "sql").glob("*.sql")}


def _without_comments(sql: str) -> bytes:
    lines = (line for line in sql.splitlines() if not line.startswith("--"))
    return "\n".join(lines).strip().encode()


def statement(name: str) -> bytes:
    """A statement by name; a missing one fails at import."""
    return _without_comments(_SQL[name])


def statements() -> frozenset[str]:
    """The names of all statements, for the test that finds unused ones."""
    return frozenset(_SQL)
