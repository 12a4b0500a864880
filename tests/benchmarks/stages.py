"""`./dev bench stages`: where each microsecond of a message goes, in one process on a database.

The reader's own steps, one after the other, each with the processor time of the process that
decides and of its database session. Broker and relay are left out: `./dev bench` has them.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from db.engine import engine_for
from db.migrate import upgrade
from db.store import PostgresStore
from domain.batch import decide_batch
from domain.wanted import wanted
from tests.benchmarks import workload
from worker.codec import Codec
from worker.embedded import Postgres
from worker.garbage import collect_rarely
from worker.ports import Delivery
from worker.process import read_batch


class Spent(NamedTuple):
    """Nanoseconds: on the clock, of our process, and of the database session."""

    wall: int
    here: int
    there: int

    def since(self, other: Spent) -> Spent:
        """What has come since then."""
        return Spent(*(now - then for now, then in zip(self, other, strict=True)))

    def plus(self, other: Spent) -> Spent:
        """Both together."""
        return Spent(*(one + two for one, two in zip(self, other, strict=True)))


class Stages:
    """Works messages off, a batch at a time, and notes what each step costs."""

    def __init__(self, store: PostgresStore) -> None:
        self._store, self._decode = store, Codec().decode
        with store._connection() as connection:
            self._session = Path(f"/proc/{connection.info.backend_pid}/schedstat")
        self.spent: dict[str, Spent] = defaultdict(lambda: Spent(0, 0, 0))
        self._last = self._now()

    def work_off(self, messages: Sequence[bytes], size: int) -> None:
        """As worker/process.py does it, in its order."""
        for first in range(0, len(messages), size):
            self._last = self._now()
            deliveries = [Delivery("", body) for body in messages[first : first + size]]
            batch = read_batch(deliveries, self._decode)
            self._lap("decode")
            with self._store.transaction(None) as transaction:
                want = wanted(batch.messages)
                self._lap("wanted")
                state = transaction.gather(want)
                self._lap("gather")
                changes = decide_batch(state, batch.messages)
                self._lap("decide")
                transaction.save(changes, [])
                self._lap("save")
            self._lap("commit")

    def _lap(self, stage: str) -> None:
        now = self._now()
        self.spent[stage] = self.spent[stage].plus(now.since(self._last))
        self._last = now

    def _now(self) -> Spent:
        there = int(self._session.read_text().split()[0])
        return Spent(time.perf_counter_ns(), time.process_time_ns(), there)


@contextmanager
def opened() -> Iterator[PostgresStore]:
    """The books on a durable server of their own."""
    with tempfile.TemporaryDirectory(prefix="scrip-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL may pass, as nobody, to its own folder
        postgres = Postgres(folder / "postgres")
        postgres.start()
        try:
            upgrade(postgres.url)
            engine = engine_for(postgres.url, by_index=True)
            yield PostgresStore(engine, 200_000)
            engine.dispose()
        finally:
            postgres.stop()


def print_table(spent: dict[str, Spent], messages: int, size: int) -> None:
    """Microseconds a message."""
    table = Table(title=f"microseconds a message, {messages:,} messages in batches of {size:,}")
    for column in ("stage", "clock", "decider", "postgres"):
        table.add_column(column, justify="left" if column == "stage" else "right")
    total = Spent(0, 0, 0)
    for stage, cost in spent.items():
        table.add_row(stage, *(f"{part / messages / 1e3:.1f}" for part in cost))
        total = total.plus(cost)
    table.add_section()
    table.add_row("together", *(f"{part / messages / 1e3:.1f}" for part in total))
    Console().print(table)


def main(arguments: Sequence[str]) -> int:
    """Exit code 0."""
    parser = argparse.ArgumentParser(prog="./dev bench stages", description=__doc__)
    parser.add_argument("--messages", type=int, default=40_000)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--batch", type=int, nargs="+", default=[1_000], help="messages in each")
    options = parser.parse_args(arguments)
    load = workload.make(options.messages, accounts=options.accounts)
    collect_rarely()
    for size in options.batch:
        with opened() as store:
            stages = Stages(store)
            stages.work_off(load.setup, size)
            stages.spent.clear()
            stages.work_off(load.messages, size)
        print_table(stages.spent, len(load.messages), size)
    return 0
