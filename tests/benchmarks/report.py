"""The result on one broker, for people."""

from __future__ import annotations

from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.result import PER_SECOND, TOLD, Result, best

RELATIONS_SHOWN = 6


def print_report(result: Result) -> None:
    """Rates, latencies, costs and the verdict."""
    assert result.to_commit and result.to_event
    console = Console(width=100)
    console.print(_rates(result))
    console.print(
        f"processes in the pool: {best(result.noop)} of the one that does nothing"
        + (f", {best(result.orm)} of the one with an ORM" if result.orm else "")
    )
    for name, latency in (("commit", result.to_commit), ("event", result.to_event)):
        console.print(f"at {PER_SECOND} messages/s, to the {name}: {latency.told()}")
    for percent, paced in result.paced.items():
        pace = f"at {percent}% of the maximum, {paced.per_second:,}/s"
        console.print(f"{pace}, to the event: {paced.latency.told()}")
    _print_usage(console, result.usage)
    orm_books = f"; books of the ORM worker: {result.orm_books}" if result.orm_books else ""
    console.print(f"books: {result.books}{orm_books}; verify: {result.verify}")


def _rates(result: Result) -> Table:
    table = Table("messages or tasks", "median", "lowest to highest", "scrip is", "rounds")
    ratios = result.ratios()
    for name, rates in result.rates().items():
        lowest_to_highest = f"{min(rates):,.0f} to {max(rates):,.0f}"
        ratio = f"{ratios[name]} x" if name in ratios else ""
        median_rate = f"{median(rates):,.0f}/s"
        table.add_row(TOLD[name], median_rate, lowest_to_highest, ratio, str(len(rates)))
    return table


def _print_usage(console: Console, usage: Any) -> None:
    cpu = usage["cpu_ms_per_message"]
    if cpu:
        told = ", ".join(f"{name} {milliseconds:.3f}" for name, milliseconds in cpu.items())
        console.print(f"processor ms/message: {told}; together {sum(cpu.values()):.3f}")
    pages = usage["wal_full_page_bytes_per_message"]
    of_pages = "unknown how many" if pages is None else f"{pages:,}"
    console.print(
        f"bytes/message: log {usage['wal_bytes_per_message']:,}, {of_pages} of them full pages;"
        f" tables and indexes {usage['disk_bytes_per_message']:,}"
    )
    relations = list(usage["disk_bytes_per_message_by_relation"].items())
    shown = ", ".join(f"{name} {size:,.0f}" for name, size in relations[:RELATIONS_SHOWN])
    rest = sum(size for _, size in relations[RELATIONS_SHOWN:])
    console.print(f"  {shown}, others {rest:,.0f}")
