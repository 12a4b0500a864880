"""`./dev bench`: messages per second and milliseconds per message, everything durable."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks import noop, workload
from tests.benchmarks.drain import drain
from tests.benchmarks.latency import Latency, latencies
from tests.benchmarks.workload import TENANT, Workload
from tests.end_to_end.outsider import Outsider
from worker import stack
from worker.stack import Process

PER_SECOND = 100
PARTS = ("worker", "relay")


@dataclass
class Result:
    """What was measured; every round in the order it ran."""

    committed: list[float] = field(default_factory=list)
    delivered: list[float] = field(default_factory=list)
    noop: list[float] = field(default_factory=list)
    to_commit: Latency | None = None
    to_event: Latency | None = None
    verify: str = ""
    books: str = ""

    @property
    def is_right(self) -> bool:
        return (self.verify, self.books) == ("clean", "equal")


def main() -> int:
    """Exit code 0 when the books are right; speed is for the reader to judge."""
    options = _options()
    load = _load(options)
    with _running() as (client, processes):
        result = _measured(client, processes["worker"], load, options)
    if options.json:
        print(json.dumps(_as_json(result)))
    else:
        _print(result)
    return 0 if result.is_right else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round, for CI")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=60_000, help="in all rounds together")
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--noop-messages", type=int, default=4_000, help="in each round")
    parser.add_argument("--seconds", type=int, default=20, help=f"at {PER_SECOND} messages/s")
    parser.add_argument("--dist", choices=("uniform", "zipf"), default="uniform")
    parser.add_argument("--workload", type=Path, help="a folder with a load made elsewhere")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.messages, options.accounts = 1, 6_000, 1_000
        options.noop_messages, options.seconds = 1_000, 5
    return options


def _load(options: argparse.Namespace) -> Workload:
    if options.workload:
        return workload.read(options.workload)
    return workload.make(options.messages, accounts=options.accounts, dist=options.dist)


@contextmanager
def _running() -> Iterator[tuple[Outsider, Mapping[str, Process]]]:
    """Fresh, durable servers: fsync on, synchronous_commit on, appendfsync always."""
    for name in ("DATABASE_URL", "BROKER_URL"):
        os.environ.pop(name, None)
    with (
        tempfile.TemporaryDirectory(prefix="scrip-logs-") as logs,
        stack.servers(None, durable=True) as servers,
        stack.processes(servers, Path(logs), PARTS) as processes,
        Outsider(servers) as client,
    ):
        yield client, processes


def _measured(
    client: Outsider, worker: Process, load: Workload, options: argparse.Namespace
) -> Result:
    """The rounds, each beside a round of the worker that does nothing; then the books."""
    result = Result()
    paced = load.messages[-PER_SECOND * options.seconds :]
    rest = load.messages[: -len(paced)]
    client.wait_for_reader()
    _say("opening grants", drain(client, worker, load.setup).delivered)
    size = -(-len(rest) // options.rounds)
    for at in range(0, len(rest), size):
        drained = drain(client, worker, rest[at : at + size])
        result.committed.append(drained.committed)
        result.delivered.append(drained.delivered)
        worker.stop()
        tasks = [json.loads(message) for message in rest[at : at + options.noop_messages]]
        result.noop.append(noop.per_second(client.servers, tasks))
        worker.start()
        _say("round", drained.delivered, result.noop[-1])
    client.wait_for_reader()
    result.to_commit, result.to_event = latencies(client, paced, PER_SECOND)
    result.books = _books(client, load)
    result.verify = _verify(client)
    return result


def _books(client: Outsider, load: Workload) -> str:
    rows = client.ask("SELECT customer, balance FROM balance WHERE tenant = %s", TENANT)
    found = workload.balances_sha256({row[0]: row[1] for row in rows})
    return "equal" if found == load.expected["balances_sha256"] else "different"


def _verify(client: Outsider) -> str:
    servers = client.servers
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


def _as_json(result: Result) -> dict[str, Any]:
    assert result.to_commit and result.to_event
    return {
        "scrip_per_s": round(median(result.delivered)),
        "scrip_committed_per_s": round(median(result.committed)),
        "noop_per_s": round(median(result.noop)),
        "ratio": round(median(result.delivered) / median(result.noop), 1),
        "p50_ms_at_100": result.to_event.p50_ms,
        "p99_ms_at_100": result.to_event.p99_ms,
        "commit_p50_ms_at_100": result.to_commit.p50_ms,
        "commit_p99_ms_at_100": result.to_commit.p99_ms,
        "rounds_per_s": [round(rate) for rate in result.delivered],
        "noop_rounds_per_s": [round(rate) for rate in result.noop],
        "verify": result.verify,
        "books": result.books,
    }


def _print(result: Result) -> None:
    assert result.to_commit and result.to_event
    table = Table("from the worker's first read", "median", "lowest to highest")
    for name, rates in (
        ("scrip, messages to events delivered", result.delivered),
        ("scrip, messages to books committed", result.committed),
        ("a Celery worker that does nothing", result.noop),
    ):
        table.add_row(name, f"{median(rates):,.0f}/s", f"{min(rates):,.0f} to {max(rates):,.0f}")
    console = Console(width=100)
    console.print(table)
    console.print(f"ratio to the one that does nothing: {_as_json(result)['ratio']}")
    for name, latency in (("commit", result.to_commit), ("event", result.to_event)):
        told = f"p50 {latency.p50_ms} ms, p99 {latency.p99_ms} ms"
        console.print(f"at {PER_SECOND} messages/s, to the {name}: {told}")
    console.print(f"books: {result.books}; verify: {result.verify}")


if __name__ == "__main__":
    sys.exit(main())
