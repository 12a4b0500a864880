"""What growth costs, for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table

SIDES = ("here", "empty")
Costs = dict[str, dict[str, float]]
"""By case and side, then by process."""


def print_report(cases: list[dict[str, Any]], verify: str) -> None:
    """Rates, processor time, bytes and memory of each case and of the empty one beside it."""
    console = Console(width=150)
    console.print(_rates(cases))
    console.print(_costs(_with_sums(cases), "processor ms/message", ".3f"))
    console.print(_costs(_of_both(cases, "memory_mb"), "MB at most, the largest of each", ","))
    console.print(f"verify: {verify}")


def _rates(cases: Iterable[dict[str, Any]]) -> Table:
    table = Table(
        "messages", "median", "lowest to highest", "empty", "lowest to highest", "slower",
        "p50, p99 ms at 100/s", "empty", "log bytes", "empty",
    )  # fmt: skip
    for case in cases:
        here, empty = (case[side] for side in SIDES)
        rates = [text for side in (here, empty) for text in _rate(side)]
        paced = ["{} {}".format(*(side["p50_p99_ms"] or ("", ""))) for side in (here, empty)]
        log = [f"{side['wal_bytes_per_message']:,}" for side in (here, empty)]
        name = f"{case['case']}; {case['note']}" if case["note"] else case["case"]
        table.add_row(name, *rates, f"{case['times_slower']} x", *paced, *log)
    return table


def _rate(side: dict[str, Any]) -> tuple[str, str]:
    rates = side["rates"]
    return f"{side['per_s']:,.0f}/s", f"{min(rates):,.0f} to {max(rates):,.0f}"


def _of_both(cases: Iterable[dict[str, Any]], field: str) -> Costs:
    return {
        f"{case['case']}, {side}".removesuffix(", here"): case[side][field]
        for case in cases
        for side in SIDES
    }


def _with_sums(cases: Iterable[dict[str, Any]]) -> Costs:
    costs = _of_both(cases, "cpu_ms_per_message")
    return {name: {**each, "together": sum(each.values())} for name, each in costs.items()}


def _costs(costs: Costs, title: str, form: str) -> Table:
    processes = list(dict.fromkeys(process for each in costs.values() for process in each))
    table = Table(title, *processes)
    for name, each in costs.items():
        table.add_row(name, *(format(each[p], form) if p in each else "" for p in processes))
    return table
