"""Which messages in quarantine a person means."""

import re
from collections.abc import Iterable

import typer
from sqlalchemy import Connection

from db.set_aside import SetAside, beginning_with, called
from worker.cli.output import err, plain, when

_DIGEST = re.compile("[0-9a-f]{8,64}", re.IGNORECASE)


def rows_beginning(connection: Connection, prefixes: Iterable[str]) -> list[SetAside]:
    """The rows of these digests, each once; exits when one is unknown or could be several."""
    rows: dict[str, SetAside] = {}
    for prefix in prefixes:
        if not _DIGEST.fullmatch(prefix):
            _end(f"{prefix} is no digest: give its first 8 hex digits or more")
        row = _only(beginning_with(connection, prefix), prefix)
        rows[row.digest] = row
    return list(rows.values())


def one_called(connection: Connection, name: str) -> SetAside:
    """The row that a digest's beginning or a message's id names; exits when it is not one."""
    found = beginning_with(connection, name) if _DIGEST.fullmatch(name) else []
    return _only(found or called(connection, name), name)


def _only(found: list[SetAside], name: str) -> SetAside:
    if not found:
        _end(f"nothing in quarantine is called {name}")
    if len(found) > 1:
        for row in found:
            told = f"{row.digest}  {when(row.since)}  {row.state}  {row.reason}"
            err.print(plain(told), soft_wrap=True)
        _end(f"{name} could be any of these {len(found)}: give more of the digest")
    return found[0]


def _end(sentence: str) -> None:
    err.print(plain(sentence))
    raise typer.Exit(1)
