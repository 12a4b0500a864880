"""Two writers and an expiry loop on the same new accounts, in random order, without a lease.

Locks are taken in one order, so they wait for each other and never in a circle: PostgreSQL counts
no deadlock and nobody has to try again.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine

from db.engine import engine_for
from db.store import PostgresStore
from tests.end_to_end.books import violations_in_views
from tests.end_to_end.messages import event, grant, invoice
from worker.codec import Codec
from worker.expiry import expire_due
from worker.ports import Delivery
from worker.process import process, read_batch

SECONDS = 6.0
ACCOUNTS_AT_A_TIME = 60
"""Both writers meet on these; new ones take their place all the time."""

BATCH = 80
GRANTS_AT_HAND = 100
"""Too few for all of the accounts; what stays, another writer has often been at since."""

TENANT = "hammer"


@dataclass
class Hammer:
    """The writers' common list of customers, and how much they have done."""

    url: str
    ends_at: float
    numbers: Iterator[int] = field(default_factory=count)
    decode: Any = field(default_factory=lambda: Codec().decode)

    def write(self, seed: int) -> int:
        """Decide random batches until time is up; any error surfaces."""
        chance = random.Random(seed)

        def turn(store: PostgresStore) -> int:
            number = next(self.numbers)
            bodies = [_message(chance, number) for _ in range(BATCH)]
            deliveries = [Delivery("", body) for body in bodies]
            process(read_batch(deliveries, self.decode), store, None)
            return 1

        return self._repeat(turn)

    def expire(self) -> int:
        """Expire whatever is due until time is up; a turn is one grant's end."""
        return self._repeat(lambda store: expire_due(store, count=20))

    def _repeat(self, turn: Callable[[PostgresStore], int]) -> int:
        engine: Engine = engine_for(self.url)
        store, turns = PostgresStore(engine, GRANTS_AT_HAND), 0
        try:
            while time.monotonic() < self.ends_at:
                turns += turn(store)
        finally:
            engine.dispose()
        return turns


def _message(chance: random.Random, number: int) -> bytes:
    """Something about one of the customers that are new at this time to both writers."""
    first = number * ACCOUNTS_AT_A_TIME // 8
    customer = f"cus{chance.randrange(first, first + ACCOUNTS_AT_A_TIME)}"
    share = chance.random()
    if share < 0.4:
        expires_at = datetime.now(UTC) + timedelta(seconds=chance.uniform(0.1, 2))
        return grant(customer, 500, tenant=TENANT, expires_at=expires_at.isoformat())
    if share < 0.8:
        name = f"inv{chance.randrange(10**9)}"
        return invoice(customer, name, chance.randrange(1, 400), tenant=TENANT)
    return event("credit.deduct", customer, tenant=TENANT, amount=chance.randrange(1, 300))


def hammered(url: str, seconds: float) -> tuple[int, int, int]:
    """Turns of both writers and of the expiry loop."""
    hammer = Hammer(url, time.monotonic() + seconds)
    with ThreadPoolExecutor(3) as pool:
        turns = [pool.submit(hammer.write, 1), pool.submit(hammer.write, 2)]
        expiry = pool.submit(hammer.expire)
        return turns[0].result(), turns[1].result(), expiry.result()


def assert_nothing_collided(url: str, seconds: float) -> None:
    with psycopg.connect(url, autocommit=True) as database:
        no_window = "INSERT INTO tenants (tenant, version, settings) VALUES (%s, 1, %s)"
        database.execute(no_window, (TENANT, '{"late_window": 0}'))
        first, second, expiry = hammered(url, seconds)
        assert min(first, second, expiry // 50) > 5, "one of them hardly had a turn"
        database.execute("SELECT pg_stat_force_next_flush()")
        sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        assert database.execute(sql).fetchone() == (0,)
        assert violations_in_views(database) == []
        decided = database.execute("SELECT count(*) FROM receipts").fetchone()
        assert decided == ((first + second) * BATCH,)
        kinds = database.execute("SELECT count(DISTINCT kind) FROM entries").fetchone()
        assert kinds == (4,), "grants, applications, deductions and expiries must have met"


def test_two_writers_and_an_expiry_run_never_meet_in_a_circle(database_url: str) -> None:
    """Overlapping accounts, new ones included (R20)."""
    assert_nothing_collided(database_url, SECONDS)


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_for_as_long_as_you_like(database_url: str) -> None:
    """SCRIP_HAMMER_SECONDS says how long; two minutes by default."""
    assert_nothing_collided(database_url, float(os.environ.get("SCRIP_HAMMER_SECONDS", "120")))
