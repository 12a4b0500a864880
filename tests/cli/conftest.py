"""The command line against a database and a broker of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from db.engine import engine_for
from db.store import PostgresStore
from worker import settings
from worker.cli import app, output
from worker.clock import SystemClock
from worker.codec import Codec
from worker.deciders import DecidingProcesses
from worker.deciding import Deciders, OwnThread
from worker.intake import Limits, Reader
from worker.lease import Tenure
from worker.redis_broker import RedisBroker

Run = Callable[..., Result]
Drain = Callable[[], None]
Write = Callable[[Iterable[bytes]], Path]


@pytest.fixture
def run(database_url: str, broker_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs a command as `scrip` would."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BROKER_URL", broker_url)
    monkeypatch.setattr(output.out, "width", 140)  # whatever terminal the tests run in
    settings.load.cache_clear()
    yield lambda *arguments, **options: CliRunner().invoke(app, list(arguments), **options)
    settings.load.cache_clear()


@pytest.fixture
def store(database_url: str) -> Iterator[PostgresStore]:
    engine = engine_for(database_url)
    yield PostgresStore(engine)
    engine.dispose()


@pytest.fixture
def drain(store: PostgresStore, broker_url: str) -> Iterator[Drain]:
    """Reads the intake until it is empty, as the worker does."""
    with draining(store, broker_url, OwnThread(store, Codec().decode)) as read:
        yield read


@pytest.fixture
def drain_in_processes(run: Run, store: PostgresStore, broker_url: str) -> Iterator[Drain]:
    """The same with deciders beside each other, and readings that often end in mid-story."""
    del run  # it has named the servers, for them too
    with draining(store, broker_url, DecidingProcesses(2), messages=30) as read:
        yield read


@contextmanager
def draining(
    store: PostgresStore, broker_url: str, deciders: Deciders, messages: int = 500
) -> Iterator[Drain]:
    broker, clock = RedisBroker(broker_url), SystemClock()
    tenure = Tenure(store, clock, "reader/0", "test:1", 30.0)
    reader = Reader(broker, deciders, clock, tenure, Limits(messages))

    def read() -> None:
        while broker.backlog():
            reader.turn(0.1)

    yield read
    reader.stop()
    broker.close()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes messages into a file, one on each line."""

    def written(bodies: Iterable[bytes]) -> Path:
        path = tmp_path / "messages.jsonl"
        path.write_bytes(b"".join(body + b"\n" for body in bodies))
        return path

    return written
