"""`scrip ledger --format`: the listed rows into a file, however many there are.

The same rows are the same bytes: no instant of the export, a fixed order of columns, `\\n` at the
end of each line.
"""

import csv
import json
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import IO

from sqlalchemy import Connection

from db.look_ups import Span, rows_of
from domain.books import Books
from domain.fields import rfc3339
from domain.ledger import Entry
from worker.cli.ledger_rows import row_data, said
from worker.cli.output import count, err, money, progress
from worker.cli.writing import opened

Write = Callable[[Books, Entry], None]


class Format(StrEnum):
    """How a row is written."""

    CSV = "csv"
    JSONL = "jsonl"


COLUMNS = (
    "tenant", "customer", "currency", "seq", "kind", "amount", "balance", "invoice", "recorded_at",
    "dated_at", "created_by_type", "created_by", "note", "reason", "tags", "cause_source",
    "cause_id", "cause_type", "reverses", "allocations",
)  # fmt: skip

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(
    connection: Connection,
    spans: Sequence[tuple[Books, Span]],
    form: Format,
    output: Path | None,
    limit: int | None,
    *,
    oldest_first: bool,
) -> None:
    """Write the rows of each account in turn, to standard output without a file to write to."""
    number = 0
    with (
        progress("{task.completed:,} of at most {task.total:,} rows") as shown,
        opened(output) as file,
    ):
        most = sum(max(0, span.last - span.first + 1) for _, span in spans)
        task, write = shown.add_task("exporting", total=most), _WRITERS[form](file)
        for account, span in spans:
            for entry in rows_of(connection, span, limit, oldest_first=oldest_first):
                write(account, entry)
                number += 1
                shown.advance(task)
    if output is not None:
        err.print(f"{count(number, 'row')} in {output}")


def _csv(file: IO[str]) -> Write:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)

    def write(account: Books, entry: Entry) -> None:
        writer.writerow(_cells(account, entry))

    return write


def _jsonl(file: IO[str]) -> Write:
    def write(account: Books, entry: Entry) -> None:
        row = {**account.key._asdict(), **row_data(entry)}
        file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")

    return write


_WRITERS = {Format.CSV: _csv, Format.JSONL: _jsonl}


def _cells(account: Books, entry: Entry) -> tuple[object, ...]:
    context, (tenant, customer, currency) = said(entry), account.key
    author = context.get("created_by", {})
    return (
        *map(_text, (tenant, customer, currency)),
        entry.seq,
        entry.kind,
        money(entry.amount, currency),
        money(entry.balance, currency),
        _text(entry.invoice),
        rfc3339(entry.recorded_at),
        rfc3339(entry.dated_at),
        _text(author.get("type")),
        _text(author.get("id")),
        _text(context.get("note")),
        _text(context.get("reason")),
        _json(context.get("tags")),
        *map(_text, entry.cause),
        _json(entry.reverses),
        _json(entry.allocations),
    )


def _text(value: str | None) -> str:
    """Text that comes from others, which a spreadsheet must not take for a formula."""
    text = value or ""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if value else ""
