"""Deciders as real processes on a real database."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from db.errors import LeaseLost, Transient
from db.values import Lease
from tests.end_to_end.outsider import wait_for
from tests.processes import deciders_of
from worker import metrics
from worker.deciders import DEATHS_MAX, DecidersDieError, DecidingProcesses
from worker.ports import Delivery


@pytest.fixture
def database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BROKER_URL", "redis://127.0.0.1:1")
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def deciders(database: psycopg.Connection) -> Iterator[DecidingProcesses]:
    del database
    deciders = DecidingProcesses(2)
    yield deciders
    deciders.stop()


def grants(customer: str, *numbers: int) -> list[Delivery]:
    return [Delivery(str(number), event(customer, number)) for number in numbers]


def event(customer: str, number: int, **data: Any) -> bytes:
    told = {"customer": customer, "currency": "USD", "amount": 100, **data}
    envelope = {"specversion": "1.0", "id": f"m{number}", "source": "/t", "type": "credit.grant"}
    return json.dumps({**envelope, "time": "2026-01-01T00:00:00Z", "data": told}).encode()


def balances(database: psycopg.Connection) -> dict[str, int]:
    return dict(database.execute("SELECT customer, balance FROM balance").fetchall())


def test_each_decides_what_it_is_given(
    deciders: DecidingProcesses, database: psycopg.Connection
) -> None:
    deciders.give(0, grants("ann", 1, 2), None)
    deciders.give(1, grants("bob", 3), None)
    assert sorted([deciders.settled(), deciders.settled()]) == [(0, 0), (1, 0)]
    assert balances(database) == {"ann": 200, "bob": 100}


def test_what_they_note_is_told_here(deciders: DecidingProcesses) -> None:
    applied = metrics.messages.labels("credit.grant", "applied")
    before = applied._value.get()
    deciders.give(0, grants("ann", 1, 2, 3), None)
    deciders.settled()
    assert applied._value.get() == before + 3


def test_one_that_is_killed_is_started_again(
    deciders: DecidingProcesses, database: psycopg.Connection
) -> None:
    """What it had comes again, and counts once."""
    deciders.give(0, grants("ann", 1), None)
    deciders.settled()
    with database.transaction():  # holds it up until it is dead
        database.execute("SELECT FROM accounts FOR UPDATE")
        deciders.give(0, grants("ann", 1, 2), None)
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        wait_for("the lock", lambda: database.execute(waiting).fetchone())
        for pid in deciders_of(os.getpid()):
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(Transient, match="exit code -9"):
            deciders.settled()
        deciders.forget()
    deciders.give(0, grants("ann", 1, 2), None)
    assert deciders.settled() == (0, 0)
    assert balances(database) == {"ann": 200}


def test_after_a_failure_nothing_behind_it_is_decided(
    deciders: DecidingProcesses, database: psycopg.Connection
) -> None:
    """It would overtake what failed."""
    deciders.give(0, grants("ann", 1), Lease("reader/0", 7))
    deciders.give(0, grants("ann", 2), None)
    with pytest.raises(LeaseLost):
        deciders.settled()
    deciders.forget()
    assert balances(database) == {}
    deciders.give(0, grants("ann", 1, 2), None)
    deciders.settled()
    assert balances(database) == {"ann": 200}


def test_they_go_when_they_are_let_go(deciders: DecidingProcesses) -> None:
    deciders.give(0, grants("ann", 1), None)
    assert len(deciders_of(os.getpid())) == 2
    deciders.stop()
    assert deciders_of(os.getpid()) == []


def test_deciders_that_cannot_begin_are_no_deciders(
    database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong ends the worker at its start."""
    del database
    monkeypatch.setenv("SCRIP_SIGNATURES", "strict")
    monkeypatch.setenv("SCRIP_SIGNING_KEYS", "/nowhere")
    with pytest.raises(Transient, match="exit code 1"):
        DecidingProcesses(1)


def test_deciders_that_die_again_and_again_end_the_worker(database: psycopg.Connection) -> None:
    """It would be alive and settle nothing."""
    deciders = DecidingProcesses(1)
    deciders.give(0, grants("ann", 1), None)
    deciders.settled()
    with database.transaction():  # so that nothing more is settled
        database.execute("SELECT FROM accounts FOR UPDATE")
        for error in (*[Transient] * DEATHS_MAX, DecidersDieError):
            deciders.give(0, grants("ann", 2), None)
            (decider,) = deciders_of(os.getpid())
            os.kill(decider, signal.SIGKILL)
            with pytest.raises(error):
                deciders.settled()
