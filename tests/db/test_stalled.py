"""A session that stands still with the lease's row is ended by its successor, under any login."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from db.engine import engine_for
from db.gather import HOLD_LEASE
from db.roles import WORKER
from db.store import PostgresStore

SECRET = "s3cret"


@pytest.fixture(params=["the owner", "a member", "a member that inherits nothing"])
def login(request: pytest.FixtureRequest, database_url: str) -> Iterator[str]:
    """The URL of somebody who may step down to the role."""
    if request.param == "the owner":
        yield database_url
        return
    inherits = "NOINHERIT" if "nothing" in request.param else "INHERIT"
    name = f"stalled_{os.getpid()}_{inherits.lower()}"
    with psycopg.connect(database_url, autocommit=True) as owner:
        member = f"LOGIN {inherits} PASSWORD '{SECRET}' IN ROLE {WORKER}"
        owner.execute(f"CREATE ROLE {name} {member}".encode())
        url = make_url(database_url).set(username=name, password=SECRET)
        yield url.render_as_string(hide_password=False)
        owner.execute(f"DROP ROLE {name}".encode())


@contextmanager
def store(url: str) -> Iterator[PostgresStore]:
    engine = engine_for(url, role=WORKER)
    yield PostgresStore(engine)
    engine.dispose()


def test_who_stands_still_in_mid_write_is_ended(
    login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL lets the same user end a session, and a role is nobody's user."""
    monkeypatch.setattr("db.store.STALLED_SECONDS", 0.1)
    with store(login) as stopped, store(login) as successor:
        lease = stopped.take_lease("reader/0", "one", 0.1)
        pooled = stopped.engine.raw_connection()
        connection: Any = pooled.driver_connection
        connection.execute(HOLD_LEASE, lease)
        with (
            suppress(psycopg.OperationalError),  # it has been ended when it goes on
            connection.cursor().copy("COPY outbox (events) FROM STDIN") as writing,
        ):
            writing.write_row([b"half of it"])
            time.sleep(0.3)
            taken = successor.take_lease("reader/0", "two", 60)
        assert connection.closed
        pooled.invalidate()
        assert taken is not None
        assert successor.renew_lease(taken, 60)
        assert successor.unsent(1, ()) == []
        with successor.engine.connect() as after:
            assert after.execute(text("SELECT current_user")).scalar_one() == WORKER
