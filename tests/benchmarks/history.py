"""A ledger with a past, written by COPY: what the benchmarks of growth and of look-ups begin with.

    from tests.benchmarks.history import Past, load

    load(database_url, Past(entries=5_000_000, accounts=20_000, on_one=1_000_000), tell=print)

fills a migrated database with accounts, entries, grants, invoices, receipts, write-offs and what
came back of deductions. Rules, chains and digests are those of `domain/`, so `scrip verify` finds
it clean; only a receipt's digest is made up, so do not send one of these messages again.

The customers are `{prefix}-0000000`, `{prefix}-0000001`, ... and the one with a share of its own is
`{prefix}-hot`. Another prefix adds to a database that is not empty: load 1 million, measure, load
nine more. The accounts' rows lie mixed in the tables, as they would after years of work, and end an
hour ago. Two processes make them; memory depends on neither size.
"""

from __future__ import annotations

import gc
import multiprocessing
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from queue import Empty
from typing import Any

import psycopg

from domain.decision import Instants
from domain.identity import AccountKey
from tests.benchmarks.history_account import Life
from tests.benchmarks.history_rows import Unwritten, store

PROCESSES = 2
BATCH = 500
"""Messages that were decided at one instant, as in a full batch of the reader's."""
BATCHES = 10
"""Batches that are stored with one COMMIT."""
TOGETHER = 2_000
"""Accounts of a process whose lives are led at the same time: what it has in memory."""
_YEAR = timedelta(days=365)


@dataclass(frozen=True, kw_only=True)
class Past:
    """How much there is to be, exactly; at least as many entries as accounts."""

    entries: int
    accounts: int
    on_one: int = 0
    """Entries of the account `{prefix}-hot`, which is none of the `accounts`; 0 for none."""
    tenant: str = "default"
    prefix: str = "cus"
    seed: int = 1

    @property
    def hot(self) -> AccountKey:
        """The account with a share of its own."""
        return AccountKey(self.tenant, f"{self.prefix}-hot", "USD")

    def key(self, number: int) -> AccountKey:
        """Any other account, from 0 on."""
        return AccountKey(self.tenant, f"{self.prefix}-{number:07d}", "USD")

    def entries_of(self, number: int) -> int:
        """All others have the same, but for one."""
        each, more = divmod(self.entries - self.on_one, max(self.accounts, 1))
        return each + (number < more)


def load(database_url: str, past: Past, *, tell: Callable[[str], object] = lambda _: None) -> float:
    """Fill a migrated database; returns the seconds it took. `tell` hears how far it is.

    It ends with VACUUM, ANALYZE and a checkpoint, so that what is measured next pays for none.
    """
    began = time.monotonic()
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(PROCESSES, context) as pool:
        done: Any = manager.Queue()
        parts = [pool.submit(_part, database_url, past, part, done) for part in range(PROCESSES)]
        entries, told = 0, began
        while not all(part.done() for part in parts):
            with suppress(Empty):
                entries += done.get(timeout=0.5)
            if time.monotonic() > told + 5:
                told = time.monotonic()
                tell(f"{entries:,} of {past.entries:,} entries, {entries / (told - began):,.0f}/s")
        for part in parts:
            part.result()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
    return time.monotonic() - began


def _part(database_url: str, past: Past, part: int, done: Any) -> None:
    """What one process makes: every second account, the first one also the hot one."""
    gc.disable()  # nothing here is cyclic, and looking for it is a fifth of the time
    with psycopg.connect(database_url, options="-c synchronous_commit=off") as connection:
        for portion in _portions(past, part):
            store(connection, portion)
            done.put(len(portion.entries))


def _portions(past: Past, part: int) -> Iterator[Unwritten]:
    """What is stored at once; the last of it an hour ago."""
    ordinary = sum(map(past.entries_of, range(part, past.accounts, PROCESSES)))
    total = ordinary + (past.on_one if part == 0 else 0)
    end = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    to, before = Unwritten(Instants(end, end)), 0
    for turn, life in enumerate(_turns(past, part, ordinary)):
        if turn % BATCH == 0:
            if len(to.entries) >= BATCH * BATCHES:
                yield to
                before += len(to.entries)
                to = Unwritten(to.at)
            now = end - _YEAR * (1 - (before + len(to.entries)) / total)
            to.at = Instants(now, now - timedelta(seconds=2))
        life.turn(to.at.now, to)
        if life.is_over:
            life.end(to)
    yield to


def _turns(past: Past, part: int, ordinary: int) -> Iterator[Life]:
    """The hot account's turns are spread evenly over those of the others."""
    chance = random.Random(past.seed * PROCESSES + part).random
    hot = Life(past.hot, past.on_one if part == 0 else 0, chance)
    share, owed = past.on_one / max(ordinary, 1), 0.0
    numbers = range(part, past.accounts, PROCESSES)
    for first in range(0, len(numbers), TOGETHER):
        group = numbers[first : first + TOGETHER]
        lives = [Life(past.key(number), past.entries_of(number), chance) for number in group]
        while lives:
            for life in lives:
                yield life
                owed += share
                while owed >= 1 and not hot.is_over:
                    yield hot
                    owed -= 1
            lives = [life for life in lives if not life.is_over]
    while not hot.is_over:
        yield hot
