"""`./dev faults`: kill, stop and cut a running installation; then check every promise.

`--broker both` does it on Redis and then on RabbitMQ, and ends with one table of the two, with the
result of the adapters' conformance tests; `--bench` adds what `./dev bench` measures.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from itertools import chain

from tests.benchmarks import measuring
from tests.brokers import comparison, kinds
from tests.brokers.kinds import Kind
from tests.faults import killing, report, stopping, verdict
from tests.faults.cutting import cut_log
from tests.faults.killing import Fault
from tests.faults.report import Outcome
from tests.faults.rig import Rig, rig
from worker.embedded import Valkey

Strike = Callable[[Rig], Fault]

SESSIONS_ENDED = 5
DECIDER_KILLS = 5
RELAY_KILLS = 5


def main() -> int:
    """Exit code 0 when every fault was survived."""
    parser = _parser()
    options = parser.parse_args()
    on = kinds.chosen(parser, options.broker)
    columns = {kind.name: comparison.conformance(kind) for kind in on if len(on) > 1}
    is_right = True
    for kind in on:
        outcome = _suffered(kind, options)
        is_right &= not outcome.violations
        columns[kind.name] = columns.get(kind.name, {}) | outcome.column()
    if options.bench:
        for name, result in measuring.measured(on, measuring.options([])).items():
            is_right &= result.is_right
            columns[name] |= result.column()
    if len(on) > 1 or options.bench:
        comparison.print_table(columns)
    return 0 if is_right else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev faults", description=__doc__)
    kinds.add_option(parser)
    parser.add_argument("--kills", type=int, default=20, help="kill -9 of the worker")
    parser.add_argument("--broker-kills", type=int, default=5, help="kill -9 of the broker")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--accounts", type=int, default=3_000)
    parser.add_argument("--minutes", type=float, default=0, help="go on at random for so long")
    parser.add_argument("--bench", action="store_true", help="measure the speed too, at the end")
    return parser


def _suffered(kind: Kind, options: argparse.Namespace) -> Outcome:
    """One run on one broker, told as it goes."""
    print(f"{kind.name}: seed {options.seed}, {options.accounts} accounts", flush=True)
    began = time.monotonic()
    with rig(kind, options.seed, options.accounts) as suffering:
        faults = list(_struck(suffering, options, began))
        print("waiting until all is done", flush=True)
        verdict.wait_until_all_is_done(suffering)
        found = verdict.violations(suffering)
        minutes = (time.monotonic() - began) / 60
        outcome = Outcome(faults, found, len(suffering.publisher.journal), minutes)
        report.print_report(suffering, faults, outcome)
    return outcome


def _struck(suffering: Rig, options: argparse.Namespace, began: float) -> Iterator[Fault]:
    """Strike and say so, once for each fault."""
    for number, strike in enumerate(_plan(suffering, options, began), 1):
        fault = strike(suffering)
        report.tell(number, fault)
        yield fault


def _plan(suffering: Rig, options: argparse.Namespace, began: float) -> Iterator[Strike]:
    plan: list[Strike] = [
        *[killing.kill_worker] * options.kills,
        *[killing.kill_decider] * DECIDER_KILLS,
        *[killing.kill_broker] * options.broker_kills,
        *[killing.kill_relay] * RELAY_KILLS,
        *[killing.end_session] * SESSIONS_ENDED,
        *[killing.end_session_on_commit] * SESSIONS_ENDED,
        *[killing.crash_database_on_commit] * SESSIONS_ENDED,
        stopping.stop_reader,
        stopping.stop_reader_writing,
    ]
    if isinstance(suffering.server, Valkey):
        plan.append(cut_log)
    else:
        print(report.CUT_LOG_NOT_RUN, flush=True)
    suffering.chance.shuffle(plan)
    return chain(plan, _more(suffering, plan, began + 60 * options.minutes))


def _more(suffering: Rig, plan: list[Strike], ends_at: float) -> Iterator[Strike]:
    while plan and time.monotonic() < ends_at:
        yield suffering.chance.choice(plan)


if __name__ == "__main__":
    sys.exit(main())
