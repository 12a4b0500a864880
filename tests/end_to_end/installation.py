"""Parts of an installation, started for one test on servers that many share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from db.migrate import upgrade
from tests.end_to_end.outsider import Outsider
from tests.servers import database, flushed, with_database
from worker import stack
from worker.embedded import Servers
from worker.stack import Process

DATABASES = 16
"""Numbered keyspaces of one broker."""

_numbers = count(1)


@contextmanager
def own_servers(durable: Servers) -> Iterator[Servers]:
    """An empty, migrated database and an empty broker on the same servers."""
    number = next(_numbers)
    with database(durable, f"scrip_end_to_end_{number}") as url:
        upgrade(url)
        broker_url = with_database(durable.broker_url, str(number % DATABASES))
        yield Servers(url, flushed(broker_url))


@contextmanager
def worker(client: Outsider, logs: Path) -> Iterator[Process]:
    """A worker process alone, reading."""
    with stack.processes(client.servers, logs, names=("worker",)) as processes:
        client.wait_for_reader()
        yield processes["worker"]
