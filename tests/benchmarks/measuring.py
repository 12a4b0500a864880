"""The rounds of a benchmark, on one broker or in turns on several."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from tests.benchmarks import workload
from tests.benchmarks.drain import drain
from tests.benchmarks.installation import Installation, installation
from tests.benchmarks.latency import Pace, to_commit_and_event, to_event
from tests.benchmarks.result import PER_SECOND, Paced, Result
from tests.benchmarks.rivals import Rivals, Sizes, rivals
from tests.benchmarks.usage import Usage
from tests.benchmarks.workload import TENANT, Workload
from tests.brokers import kinds
from tests.brokers.kinds import Kind
from worker import stack

PACED_TENANT = "bench-paced"
"""Keeps what is published at shares of the maximum out of the books of a load made elsewhere."""


def parser() -> argparse.ArgumentParser:
    """The options of `./dev bench`."""
    parser = argparse.ArgumentParser(
        prog="./dev bench",
        description="Messages per second and milliseconds per message, everything durable, beside"
        " a Celery worker that does nothing, one with an ORM that does the same, and the database"
        " alone writing the same rows.",
    )
    kinds.add_option(parser)
    parser.add_argument("--quick", action="store_true", help="one short round, for CI")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", default=5, type=int)
    parser.add_argument("--messages", default=200_000, help="in all rounds together", type=int)
    parser.add_argument("--accounts", default=10_000, type=int)
    parser.add_argument("--noop-messages", default=4_000, help="a pool and round", type=int)
    parser.add_argument("--orm-messages", default=1_500, help="a pool and round", type=int)
    parser.add_argument("--seconds", default=20, help=f"at {PER_SECOND} messages/s", type=int)
    parser.add_argument(
        "--percent", default=[10, 50, 90], nargs="*", help="paces, of the maximum", type=int
    )
    parser.add_argument("--percent-seconds", default=5, help="at each of them", type=int)
    parser.add_argument("--dist", choices=("uniform", "zipf"), default="uniform")
    parser.add_argument("--workload", type=Path, help="a folder with a load made elsewhere")
    return parser


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parsed, with what `--quick` stands for."""
    options = parser().parse_args(arguments)
    if options.quick:
        options.rounds, options.messages, options.accounts = 1, 6_000, 1_000
        options.noop_messages, options.orm_messages, options.seconds = 600, 400, 5
        options.percent, options.percent_seconds = [50], 2
    return options


def measured(on: Sequence[Kind], options: argparse.Namespace) -> dict[str, Result]:
    """Every round on each broker in turn, so that all of them have the same machine."""
    load = _load(options)
    paced = load.messages[-PER_SECOND * options.seconds :]
    rest = load.messages[: -len(paced)]
    size = -(-len(rest) // options.rounds)
    sizes = Sizes(options.noop_messages, options.orm_messages)
    with ExitStack() as opened:
        running = [Running(opened.enter_context(installation(kind)), load) for kind in on]
        for one in running:
            one.open_books()
        with ExitStack() as meanwhile:  # nothing of theirs is vacuumed while latencies are taken
            beside = [meanwhile.enter_context(rivals(one.on, load.setup, sizes)) for one in running]
            for at in range(0, len(rest), size):
                for one, others in zip(running, beside, strict=True):
                    one.round(rest[at : at + size], others)
            for one, others in zip(running, beside, strict=True):
                one.compare(others)
        for one in running:
            one.pace(rest, paced, options)
            one.check()
        return {one.on.kind.name: one.result for one in running}


class Running:
    """One installation under measurement."""

    def __init__(self, on: Installation, load: Workload) -> None:
        self.on, self.load = on, load
        self.result, self.usage = Result(), Usage(on)

    def open_books(self) -> None:
        """The opening grants, by scrip itself."""
        self._say("opening grants", drain(self.on, self.load.setup).delivered)

    def round(self, messages: list[bytes], others: Rivals) -> None:
        """Scrip and its rivals, one after the other and never two at once."""
        drained = drain(self.on, messages, self.usage)
        worker = self.on.processes["worker"]
        worker.stop()
        noop, orm, floor = others.noop(messages), others.orm(messages), others.floor(messages)
        worker.start()
        self.on.observer.wait_for_reader()
        self.result.add((drained.committed, drained.delivered), noop, orm, floor)
        self._say("round", drained.delivered, *noop.values(), *orm.values(), floor)

    def pace(self, earlier: list[bytes], paced: list[bytes], options: argparse.Namespace) -> None:
        """At a quiet pace, and at shares of what the rounds have shown to be the maximum."""
        result = self.result
        quiet = Pace(paced, PER_SECOND, earlier)
        result.to_commit, result.to_event = to_commit_and_event(self.on, quiet)
        rate = median(result.delivered)
        rates = {percent: max(1, round(rate * percent / 100)) for percent in options.percent}
        load = workload.make(
            sum(rates.values()) * options.percent_seconds,
            accounts=options.accounts,
            dist=options.dist,
            seed=2,
            tenant=PACED_TENANT,
        )
        if rates:
            drain(self.on, load.setup)
        done = 0
        for percent, per_second in rates.items():
            messages = load.messages[done : done + per_second * options.percent_seconds]
            pace = Pace(messages, per_second, load.messages[:done])
            result.paced[percent] = Paced(per_second, to_event(self.on, pace))
            done += len(messages)
        found = [_books(self.on, TENANT, self.load)]
        if rates:
            found.append(_books(self.on, PACED_TENANT, load))
        result.books = "equal" if all(found) else "different"

    def compare(self, others: Rivals) -> None:
        """The books of the rivals, and what the rounds have cost."""
        self.result.usage = self.usage.as_json()
        if self.result.orm:
            self.result.orm_books = "; ".join(others.complaints()[:3]) or "equal"

    def check(self) -> None:
        """The books, at the end."""
        self.result.verify = _verify(self.on.urls)

    def _say(self, what: str, *rates: float) -> None:
        told = " ".join(f"{rate:,.0f}/s" for rate in rates)
        print(f"{self.on.kind.name}, {what}: {told}", file=sys.stderr, flush=True)


def _load(options: argparse.Namespace) -> Workload:
    if options.workload:
        return workload.read(options.workload)
    return workload.make(options.messages, accounts=options.accounts, dist=options.dist)


def _books(on: Installation, tenant: str, load: Workload) -> bool:
    rows = on.observer.ask("SELECT customer, balance FROM balance WHERE tenant = %s", tenant)
    found = workload.balances_sha256({row[0]: row[1] for row in rows})
    return bool(found == load.expected["balances_sha256"])


def _verify(urls: Mapping[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "worker.cli", "verify"],
        env={**os.environ, **urls, "PYTHONPATH": str(stack.ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return "clean" if done.returncode == 0 else (done.stdout + done.stderr).strip()
