"""`./dev bench queries`: how long a look-up takes, one account being very long.

A database on disk, filled by `tests/benchmarks/history.py` and proved sound by `scrip verify`. Each
question of the command line is asked again and again, on one connection, planned anew every time
as for a command that is run once; what a process needs to start is not in it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from db.engine import engine_for
from db.look_ups import session
from db.migrate import upgrade
from tests.benchmarks.history import Past, load
from tests.benchmarks.queries_asked import Asking, Question
from worker import stack
from worker.closings import close_due
from worker.embedded import Postgres

RUNS_MIN = 3
_UNUSED = "redis://127.0.0.1:1"
"""Every command wants to know a broker; verify without a journal asks none."""


class Timed(NamedTuple):
    """A question, and how long its answer took; milliseconds."""

    name: str
    runs: int
    p50: float
    p99: float


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when the books are sound."""
    options = _options(arguments)
    past = Past(entries=options.entries, accounts=options.accounts, on_one=options.on_one)
    found: dict[str, Any] = {"entries": past.entries, "on_one": past.on_one}
    with _filled(past, options, found) as url:
        found["asked"] = {
            which: [timed._asdict() for timed in _measured(url, key, options)]
            for which, key in (("the long one", past.hot), ("another", past.key(0)))
        }
    if options.json:
        print(json.dumps(found))
    else:
        _print(found)
    return 0 if found["verify"] in ("clean", "not asked") else 1


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev bench queries",
        description="Milliseconds for each look-up, page and filter of the command line.",
    )
    parser.add_argument("--quick", action="store_true", help="a small database, for CI")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--entries", default=5_000_000, help="in all", type=int)
    parser.add_argument("--on-one", default=1_000_000, help="of one account", type=int)
    parser.add_argument("--accounts", default=20_000, help="that share the rest", type=int)
    parser.add_argument("--runs", default=200, help="of each question at most", type=int)
    parser.add_argument("--seconds", default=5.0, help="for each at most", type=float)
    parser.add_argument("--database", metavar="URL", help="one that was filled like that before")
    parser.add_argument("--no-verify", action="store_true", help="do not prove the books sound")
    options = parser.parse_args(arguments)
    if options.quick:
        options.entries, options.on_one, options.accounts = 40_000, 20_000, 50
        options.runs, options.seconds = 20, 0.5
    return options


@contextmanager
def _filled(past: Past, options: argparse.Namespace, found: dict[str, Any]) -> Iterator[str]:
    """The URL of a database that has it, proved sound unless that is left out."""
    found["verify"] = "not asked"
    if options.database:
        yield options.database
        return
    with tempfile.TemporaryDirectory(prefix="scrip-") as folder:
        Path(folder).chmod(0o711)  # PostgreSQL may pass, as nobody, to its own folder
        postgres = Postgres(Path(folder) / "postgres")
        postgres.start()
        try:
            upgrade(postgres.url)
            seconds = load(postgres.url, past, tell=_say)
            found["loaded_per_s"] = round(past.entries / seconds)
            found["closed"] = _closed(postgres.url)
            if not options.no_verify:
                found["verify"] = _verify(postgres.url)
            yield postgres.url
        finally:
            postgres.stop()


def _closed(url: str) -> dict[str, float]:
    """What the closing runs do that such a past would have had."""
    engine, made, began = engine_for(url), 0, time.monotonic()
    while done := close_due(engine):
        made += done
    engine.dispose()
    return {"closings": made, "seconds": round(time.monotonic() - began, 1)}


def _verify(url: str) -> str:
    _say("verifying")
    done = subprocess.run(
        [sys.executable, "-m", "worker.cli", "verify", "--jobs", "2"],
        env={
            **os.environ,
            "DATABASE_URL": url,
            "BROKER_URL": _UNUSED,
            "PYTHONPATH": str(stack.ROOT),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return "clean" if done.returncode == 0 else (done.stdout + done.stderr).strip()


def _measured(url: str, key: Any, options: argparse.Namespace) -> Iterator[Timed]:
    """Each question, warm."""
    engine = engine_for(url)
    with session(engine) as connection:
        driver: Any = connection.connection.driver_connection
        driver.prepare_threshold = None
        for question in Asking(connection, key).all():
            timed = _timed(connection, question, options.runs, options.seconds)
            _say(f"{key.customer}, {timed.name}: {timed.p50:,} ms")
            yield timed
    engine.dispose()


def _timed(connection: Connection, question: Question, runs: int, seconds: float) -> Timed:
    took, ends = list[float](), time.perf_counter() + seconds
    while len(took) < RUNS_MIN or (len(took) < runs and time.perf_counter() < ends):
        began = time.perf_counter()
        question.ask(connection)
        took.append((time.perf_counter() - began) * 1_000)
        connection.rollback()
    p99 = quantiles(took, n=100, method="inclusive")[-1]
    return Timed(question.name, len(took), round(median(took), 2), round(p99, 2))


def _print(found: dict[str, Any]) -> None:
    title = f"{found['entries']:,} entries, {found['on_one']:,} of them of one account"
    table = Table("milliseconds", title=title)
    columns = found["asked"].items()
    for which, _ in columns:
        for column in (f"{which}: p50", "p99", "runs"):
            table.add_column(column, justify="right")
    for row in zip(*(asked for _, asked in columns), strict=True):
        cells = [(f"{one['p50']:,.1f}", f"{one['p99']:,.1f}", str(one["runs"])) for one in row]
        table.add_row(row[0]["name"], *(text for cell in cells for text in cell))
    console = Console(width=110)
    console.print(table)
    if "loaded_per_s" in found:
        console.print(f"loaded {found['loaded_per_s']:,} entries/s")
    if "closed" in found:
        console.print(f"{found['closed']['closings']:,} closings in {found['closed']['seconds']} s")
    console.print(f"verify: {found['verify']}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
