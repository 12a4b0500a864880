"""`scrip export`: the ledger as transactions for an accountant's tools."""

import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from db.books import Snapshot, snapshot
from db.look_ups import By, Period, count_written, decimals_of
from db.look_ups import written as entries_of
from domain.fields import rfc3339
from worker.accounting.beancount import Beancount
from worker.accounting.chart import DEFAULTS, Chart, ChartError, chart_of, default_chart
from worker.accounting.formats import Format, written
from worker.accounting.hledger import Hledger
from worker.accounting.plain import Csv, JsonLines
from worker.accounting.transactions import Transaction, transaction_of
from worker.cli.installation import database
from worker.cli.instants import instant_option
from worker.cli.output import count, err, plain, progress
from worker.cli.writing import opened

FROM = "Leave out what is earlier."
TO = "Leave out what is not earlier: a month is from its first instant to that of the next."
BY = (
    "The instant of an entry that counts: recorded, when it was decided, which never changes what "
    "lies behind; or dated, its business time, by which a late message belongs to the past."
)
_CHART = "A TOML file that names accounts and commodities; --print-chart shows what there is."


class Kind(StrEnum):
    """What the ledger is written as."""

    HLEDGER = "hledger"
    BEANCOUNT = "beancount"
    CSV = "csv"
    JSONL = "jsonl"


_FORMATS: dict[Kind, Callable[[str], Format]] = {
    Kind.HLEDGER: Hledger,
    Kind.BEANCOUNT: Beancount,
    Kind.CSV: lambda _: Csv(),
    Kind.JSONL: lambda _: JsonLines(),
}
"""By the title that stands on top, where the format has such a thing."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(export)


def export(
    *,
    kind: Annotated[Kind, typer.Option("--format", help="What to write.")] = Kind.CSV,
    tenant: Annotated[str, typer.Option(help="Whose ledger.")] = "default",
    customer: Annotated[str | None, typer.Option(help="Only this customer's.")] = None,
    currency: Annotated[str | None, typer.Option(help="Only in this currency.")] = None,
    first: Annotated[datetime | None, instant_option("--from", help=FROM)] = None,
    end: Annotated[datetime | None, instant_option("--to", help=TO)] = None,
    by: Annotated[By, typer.Option(help=BY)] = By.RECORDED,
    chart: Annotated[Path | None, typer.Option(dir_okay=False, exists=True, help=_CHART)] = None,
    output: Annotated[Path | None, typer.Option(dir_okay=False, help="A file to write.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format jsonl.")] = False,
    print_chart: Annotated[
        bool, typer.Option("--print-chart", help="Print the built-in chart, and no more.")
    ] = False,
) -> None:
    """Write the ledger as balanced transactions: credit is a liability until it is used."""
    if print_chart:
        sys.stdout.write(DEFAULTS.read_text(encoding="utf-8"))
        return
    period = Period(tenant, customer, currency, first, end, by)
    form = _FORMATS[Kind.JSONL if as_json else kind](_title(period))
    names = _chart(chart)
    with database() as engine, snapshot(engine) as seen, opened(output) as file:
        number = count_written(seen, period)
        for text in written(form, _shown(seen, period, names, number)):
            file.write(text)
    if output is not None or not number:
        place = f" in {output}" if output is not None else ""
        told = f"{count(number, 'transaction')} of {customer or tenant}{place}"
        err.print(plain(told), soft_wrap=True)


def _shown(seen: Snapshot, period: Period, chart: Chart, number: int) -> Iterator[Transaction]:
    """The transactions, with a progress bar."""
    with progress("{task.completed:,} of {task.total:,} entries") as shown:
        decimals = decimals_of(seen, period.tenant)
        entries = shown.track(entries_of(seen, period), total=number, description="exporting")
        for key, entry, lots in entries:
            yield transaction_of(key, entry, lots, chart, decimals[key.currency], period.by)


def _chart(path: Path | None) -> Chart:
    if path is None:
        return default_chart()
    try:
        return chart_of(path.read_text(encoding="utf-8"))
    except (ChartError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{path}: {error}", param_hint="--chart") from error


def _title(period: Period) -> str:
    whose = [period.tenant, period.customer or "all customers", period.currency or "all currencies"]
    edges = [
        f"{word} {rfc3339(edge)}"
        for word, edge in (("from", period.first), ("to", period.end))
        if edge is not None
    ]
    return " ".join(["scrip:", ", ".join(whose) + ",", f"by {period.by}_at", *edges])
