"""The rounds of a benchmark, on one broker or in turns on several."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks import noop, workload
from tests.benchmarks.drain import drain
from tests.benchmarks.installation import Installation, installation
from tests.benchmarks.latency import latencies
from tests.benchmarks.result import PER_SECOND, Result
from tests.benchmarks.workload import TENANT, Workload
from tests.brokers import kinds
from tests.brokers.kinds import Kind
from worker import stack


def parser() -> argparse.ArgumentParser:
    """The options of `./dev bench`."""
    parser = argparse.ArgumentParser(
        prog="./dev bench",
        description="Messages per second and milliseconds per message, everything durable.",
    )
    kinds.add_option(parser)
    parser.add_argument("--quick", action="store_true", help="one short round, for CI")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=60_000, help="in all rounds together")
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--noop-messages", type=int, default=4_000, help="in each round")
    parser.add_argument("--seconds", type=int, default=20, help=f"at {PER_SECOND} messages/s")
    parser.add_argument("--dist", choices=("uniform", "zipf"), default="uniform")
    parser.add_argument("--workload", type=Path, help="a folder with a load made elsewhere")
    return parser


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parsed, with what `--quick` stands for."""
    options = parser().parse_args(arguments)
    if options.quick:
        options.rounds, options.messages, options.accounts = 1, 6_000, 1_000
        options.noop_messages, options.seconds = 1_000, 5
    return options


def measured(on: Sequence[Kind], options: argparse.Namespace) -> dict[str, Result]:
    """Every round on each broker in turn, so that all of them have the same machine."""
    load = _load(options)
    with ExitStack() as opened:
        running = [opened.enter_context(installation(kind)) for kind in on]
        results = {one.kind.name: Result() for one in running}
        for one in running:
            _say(f"{one.kind.name}, opening grants", drain(one, load.setup).delivered)
        paced = load.messages[-PER_SECOND * options.seconds :]
        rest = load.messages[: -len(paced)]
        size = -(-len(rest) // options.rounds)
        for at in range(0, len(rest), size):
            for one in running:
                messages = rest[at : at + size]
                _round(one, results[one.kind.name], messages, options.noop_messages)
        for one in running:
            result = results[one.kind.name]
            result.to_commit, result.to_event = latencies(one, paced, PER_SECOND)
            result.books = _books(one, load)
            result.verify = _verify(one)
    return results


def _load(options: argparse.Namespace) -> Workload:
    if options.workload:
        return workload.read(options.workload)
    return workload.make(options.messages, accounts=options.accounts, dist=options.dist)


def _round(one: Installation, result: Result, messages: list[bytes], noop_messages: int) -> None:
    """Beside a round of the worker that does nothing."""
    drained = drain(one, messages)
    result.committed.append(drained.committed)
    result.delivered.append(drained.delivered)
    worker = one.processes["worker"]
    worker.stop()
    tasks = [json.loads(message) for message in messages[:noop_messages]]
    result.noop.append(noop.per_second(one, tasks))
    worker.start()
    one.observer.wait_for_reader()
    _say(f"{one.kind.name}, round", drained.delivered, result.noop[-1])


def _books(one: Installation, load: Workload) -> str:
    rows = one.observer.ask("SELECT customer, balance FROM balance WHERE tenant = %s", TENANT)
    found = workload.balances_sha256({row[0]: row[1] for row in rows})
    return "equal" if found == load.expected["balances_sha256"] else "different"


def _verify(one: Installation) -> str:
    servers = one.servers
    urls = {"DATABASE_URL": servers.database_url, "BROKER_URL": servers.broker_url}
    done = subprocess.run(
        [sys.executable, "-m", "worker.cli", "verify"],
        env={**os.environ, **urls, "PYTHONPATH": str(stack.ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return "clean" if done.returncode == 0 else (done.stdout + done.stderr).strip()


def _say(what: str, *rates: float) -> None:
    print(f"{what}:", *(f"{rate:,.0f}/s" for rate in rates), file=sys.stderr, flush=True)
