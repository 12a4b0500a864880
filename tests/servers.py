"""Databases and brokers for tests: cheap copies of one migrated template on one server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import redis
from psycopg import sql
from sqlalchemy.engine import make_url

from worker.embedded import Servers


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def xdist_number() -> int:
    """0 without pytest-xdist or in its first worker, 1 in its second, and so on."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


@contextmanager
def database(servers: Servers, name: str, *, template: str = "template0") -> Iterator[str]:
    """A database of this name for as long as the block runs; yields its URL."""
    target, source = sql.Identifier(name), sql.Identifier(template)
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(target)
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(target, source)
    with psycopg.connect(servers.database_url, autocommit=True) as admin:
        admin.execute(drop)
        admin.execute(create)
        try:
            yield with_database(servers.database_url, name)
        finally:
            admin.execute(drop)


def flushed(broker_url: str) -> str:
    """The same broker, emptied."""
    with redis.Redis.from_url(broker_url) as client:
        client.flushdb()
    return broker_url
