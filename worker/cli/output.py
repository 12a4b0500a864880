"""How commands speak: tables and sentences for people, JSON for programs.

Results go to stdout; progress and remarks go to stderr, so that a pipe gets the results alone.
"""

import json
import os
import sys
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from domain.money import major_units
from worker.cli.units import decimals_of

Json = Annotated[bool, typer.Option("--json", help="Print everything, as JSON.")]

# Ids and notes come from anyone, so nothing in them may be read as markup.
_WIDE = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 140
out = Console(width=_WIDE, markup=False, highlight=False, emoji=False)
err = Console(stderr=True, markup=False, highlight=False, emoji=False)


def print_json(data: Any) -> None:
    """Data as indented JSON."""
    json.dump(data, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def progress(*columns: str) -> Progress:
    """A progress bar on a terminal, and nothing elsewhere; `columns` are further texts."""
    texts = (TextColumn(column, markup=False) for column in columns)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        *texts,
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


def table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Collection[str] = (),
    fold: Collection[str] = (),
) -> Table:
    """A table without the columns that are empty all the way down.

    The columns named in `right` hold numbers; only those in `fold` may be broken into lines.
    """
    made = Table(title=Text(title, style="bold"), title_justify="left", box=None, pad_edge=False)
    cells = [tuple(row) for row in rows]
    kept = [at for at in range(len(columns)) if any(row[at] for row in cells)]
    for at in kept:
        made.add_column(
            columns[at],
            justify="right" if columns[at] in right else "left",
            header_style="dim",
            no_wrap=columns[at] not in fold,
            overflow="fold",
        )
    for row in cells:
        made.add_row(*(row[at] for at in kept))
    return made


def plain(value: object) -> str:
    """Text that comes from others, without anything that could move a terminal's cursor."""
    text = "" if value is None else str(value)
    return "".join(letter if letter.isprintable() else " " for letter in text)


def money(amount: int, currency: str) -> str:
    """An amount with its currency's decimals; `money` of 1250 USD is `12.50`."""
    return major_units(amount, decimals_of(currency))


def when(instant: datetime) -> str:
    """An instant for a table, in UTC and to the minute."""
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 message`, `2,000 messages`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
