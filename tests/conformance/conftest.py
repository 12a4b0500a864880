"""The adapters under test: every one of them has to pass every test in this folder.

A factory opens the same database or broker again with each call, as another process would.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest

from db.engine import engine_for
from db.store import PostgresStore
from worker.amqp_broker import AmqpBroker
from worker.memory.broker import MemoryBroker
from worker.memory.clock import MemoryClock
from worker.memory.store import MemoryStore
from worker.ports import Broker, Store
from worker.redis_broker import RedisBroker

StoreFactory = Callable[[], Store]
BrokerFactory = Callable[[], Broker]
CountAside = Callable[[], int]
Pass = Callable[[float], None]
"""Lets seconds pass on the adapter's own clock."""


@pytest.fixture
def clock() -> MemoryClock:
    return MemoryClock()


@pytest.fixture(params=["memory", "postgres"])
def store_factory(request: pytest.FixtureRequest, clock: MemoryClock) -> Iterator[StoreFactory]:
    with ExitStack() as opened:
        if request.param == "memory":
            store = MemoryStore(clock)
            yield lambda: store
        else:
            url = request.getfixturevalue("database_url")

            def open_store() -> Store:
                engine = engine_for(url)
                opened.callback(engine.dispose)
                return PostgresStore(engine)

            yield open_store


@pytest.fixture(params=["memory", "redis", "rabbitmq"])
def broker_factory(request: pytest.FixtureRequest, clock: MemoryClock) -> Iterator[BrokerFactory]:
    with ExitStack() as opened:
        if request.param == "memory":
            broker = MemoryBroker(clock)
            yield lambda: broker
        else:
            is_redis = request.param == "redis"
            url = request.getfixturevalue("broker_url" if is_redis else "rabbitmq_url")

            def open_broker() -> Broker:
                broker = RedisBroker(url) if is_redis else AmqpBroker(url)
                opened.callback(broker.close)
                return broker

            yield open_broker


@pytest.fixture
def let_pass(request: pytest.FixtureRequest, clock: MemoryClock) -> Pass:
    """Memory's clock is told to move; anybody else's moves by itself."""
    callspec = getattr(request.node, "callspec", None)
    in_memory = callspec is not None and "memory" in callspec.params.values()
    return clock.sleep if in_memory else time.sleep


@pytest.fixture
def store(store_factory: StoreFactory) -> Store:
    return store_factory()


@pytest.fixture
def broker(broker_factory: BrokerFactory) -> Broker:
    return broker_factory()


@pytest.fixture
def aside(request: pytest.FixtureRequest, store: Store) -> CountAside:
    """Counts what is in quarantine; no port reads it, because the worker never does."""
    if isinstance(store, MemoryStore):
        return lambda: len(store.quarantined)
    url = request.getfixturevalue("database_url")

    def count() -> int:
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT count(*) FROM quarantine").fetchone()
        return int(row[0]) if row else 0

    return count
