"""`./dev faults`: kill, stop and cut a running installation; then check every promise."""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from itertools import chain

from rich.console import Console
from rich.table import Table

from tests.faults import killing, stopping, verdict
from tests.faults.cutting import cut_log
from tests.faults.killing import Fault
from tests.faults.rig import Rig, rig

Strike = Callable[[Rig], Fault]

SESSIONS_ENDED = 5
RELAY_KILLS = 5


def main() -> int:
    """Exit code 0 when every fault was survived."""
    options = _options()
    print(f"seed {options.seed}, {options.accounts} accounts", flush=True)
    began = time.monotonic()
    with rig(options.seed, options.accounts) as suffering:
        faults = list(_struck(suffering, options, began))
        print("waiting until all is done", flush=True)
        verdict.wait_until_all_is_done(suffering)
        found = verdict.violations(suffering)
        _report(suffering, faults)
    minutes = (time.monotonic() - began) / 60
    print(f"{len(faults)} faults survived, {len(found)} violations, in {minutes:.1f} minutes")
    for violation in found:
        print(f"  {violation}")
    return 1 if found else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="kill -9 of the worker")
    parser.add_argument("--broker-kills", type=int, default=5, help="kill -9 of the broker")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--accounts", type=int, default=3_000)
    parser.add_argument("--minutes", type=float, default=0, help="go on at random for so long")
    return parser.parse_args()


def _struck(suffering: Rig, options: argparse.Namespace, began: float) -> Iterator[Fault]:
    """Strike and say so, once for each fault."""
    for number, strike in enumerate(_plan(suffering, options, began), 1):
        fault = strike(suffering)
        print(
            f"{number:4} {fault.kind:32} {fault.pending:6} pending,"
            f" work went on after {fault.seconds:5.1f} s  {fault.note}",
            flush=True,
        )
        yield fault


def _plan(suffering: Rig, options: argparse.Namespace, began: float) -> Iterator[Strike]:
    plan: list[Strike] = [
        *[killing.kill_worker] * options.kills,
        *[killing.kill_broker] * options.broker_kills,
        *[killing.kill_relay] * RELAY_KILLS,
        *[killing.end_session] * SESSIONS_ENDED,
        *[killing.end_session_on_commit] * SESSIONS_ENDED,
        *[killing.crash_database_on_commit] * SESSIONS_ENDED,
        stopping.stop_reader,
        stopping.stop_reader_writing,
        cut_log,
    ]
    suffering.chance.shuffle(plan)
    return chain(plan, _more(suffering, plan, began + 60 * options.minutes))


def _more(suffering: Rig, plan: list[Strike], ends_at: float) -> Iterator[Strike]:
    while plan and time.monotonic() < ends_at:
        yield suffering.chance.choice(plan)


def _report(suffering: Rig, faults: list[Fault]) -> None:
    table = Table("fault", "count", "pending at that instant", "work went on after, s")
    for kind in sorted({fault.kind for fault in faults}):
        pending = [fault.pending for fault in faults if fault.kind == kind]
        seconds = [fault.seconds for fault in faults if fault.kind == kind]
        table.add_row(
            kind,
            str(len(pending)),
            f"{min(pending)} to {max(pending)}",
            f"{min(seconds):.1f} to {max(seconds):.1f}",
        )
    console = Console(width=100)
    console.print(table)
    outsider, publisher = suffering.outsider, suffering.publisher
    console.print(
        f"{len(publisher.journal)} messages published, {publisher.errors} times not accepted;"
        f" {outsider.count('receipts')} receipts, {outsider.count('entries')} entries,"
        f" {outsider.count('quarantine')} in quarantine; {len(suffering.subscriber.events)} events"
        f" delivered, {suffering.subscriber.repeats} of them repeats;"
        f" {suffering.unanswered_commits()} times COMMIT was not answered"
    )


if __name__ == "__main__":
    sys.exit(main())
