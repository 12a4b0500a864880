"""Faults that end something: the worker, the broker, the relay, a database session."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.end_to_end.outsider import wait_for
from tests.faults.rig import TAKEOVER_SECONDS_MAX, Rig
from tests.processes import deciders_of

BURST = 2_000
MOMENT = 0.25
"""Seconds within which a fault strikes after a burst: a batch is read, decided or written then."""

LOOKS = 50
LOOK_EVERY = 0.01
"""How often, and at what intervals in seconds, a burst's transactions are looked at."""

AT_WORK = """
    FROM pg_stat_activity a JOIN pg_locks l USING (pid)
    WHERE l.relation = 'accounts'::regclass AND l.mode = 'RowExclusiveLock' AND l.granted
      AND a.pid <> pg_backend_pid()"""
"""Sessions in a money transaction."""


OLDEST_EVENTS = "SELECT min(id) FROM outbox"


END = f"SELECT pg_terminate_backend(a.pid) {AT_WORK}"
ON_COMMIT = "AND a.state = 'active' AND a.query = 'COMMIT'"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault that struck while messages were pending."""

    kind: str
    pending: int
    seconds: float
    """Until a batch was acknowledged again, or the oldest event was out of the way."""
    note: str = ""


def kill_worker(rig: Rig) -> Fault:
    """SIGKILL; the successor is started at once, and waits for the lease to run out."""
    while True:
        _burst(rig)
        with rig.publisher.held():
            rig.worker.kill()
            pending = rig.pending()
            rig.mark()
            rig.worker.start()
        if pending:
            return Fault("worker killed (kill -9)", pending, rig.seconds_until_work_went_on())
        rig.observer.wait_for_reader()


def kill_decider(rig: Rig) -> Fault:
    """SIGKILL of one of the worker's deciders, which the worker starts again."""
    while True:
        _burst(rig)
        deciders = deciders_of(rig.worker.pid or 0)
        with rig.publisher.held():
            os.kill(rig.chance.choice(deciders), signal.SIGKILL)
            pending = rig.pending()
            rig.mark()
        if pending:
            return Fault("decider killed (kill -9)", pending, rig.seconds_until_work_went_on())


def kill_broker(rig: Rig) -> Fault:
    """SIGKILL while messages are being published too; started again on the same data."""
    while True:
        _burst(rig)
        pending = rig.pending()
        rig.server.kill()
        time.sleep(rig.chance.uniform(0, MOMENT))
        rig.server.start()
        rig.mark()
        if pending:
            return Fault("broker killed (kill -9)", pending, rig.seconds_until_work_went_on())


def kill_relay(rig: Rig) -> Fault:
    """SIGKILL; what it had sent and not yet forgotten is sent again."""
    while True:
        _burst(rig)
        rig.relay.kill()
        pending, oldest = rig.observer.count("outbox"), rig.observer.ask(OLDEST_EVENTS)
        rig.relay.start()
        if pending:
            break
    began = time.monotonic()
    wait_for(
        "the relay to go on",
        lambda: rig.observer.ask(OLDEST_EVENTS) != oldest,
        TAKEOVER_SECONDS_MAX,
    )
    return Fault("relay killed (kill -9)", pending, time.monotonic() - began, "batches")


def end_session(rig: Rig) -> Fault:
    """pg_terminate_backend somewhere in the money transaction."""
    return _strike_session(rig, "session ended in a batch", END)


def end_session_on_commit(rig: Rig) -> Fault:
    """The same while COMMIT is being carried out."""
    return _strike_session(rig, "session ended on COMMIT", f"{END} {ON_COMMIT}")


def crash_database_on_commit(rig: Rig) -> Fault:
    """SIGKILL of the session that commits, so that all of PostgreSQL goes through recovery."""
    kind = "database crashed on COMMIT"
    return _strike_session(rig, kind, f"SELECT a.pid {AT_WORK} {ON_COMMIT}", _crash)


def _strike_session(
    rig: Rig, kind: str, sql: str, then: Callable[[Rig, int], None] | None = None
) -> Fault:
    unanswered = rig.unanswered_commits()
    ends_at = time.monotonic() + TAKEOVER_SECONDS_MAX
    while time.monotonic() < ends_at:
        _burst(rig)
        with rig.publisher.held():
            struck = _caught(rig, sql)
            if struck and then:
                then(rig, struck[0][0])
            pending = rig.pending()
            rig.mark()
        if struck and pending:
            seconds = rig.seconds_until_work_went_on()
            unknown = rig.unanswered_commits() > unanswered
            return Fault(kind, pending, seconds, "COMMIT was not answered" if unknown else "")
    raise TimeoutError(f"{kind}: no session was caught at it")


def _caught(rig: Rig, sql: str) -> list[tuple[Any, ...]]:
    """Looks again and again: a COMMIT takes a few milliseconds."""
    for _ in range(LOOKS):
        if struck := rig.observer.ask(sql):
            return struck
        time.sleep(rig.chance.uniform(0, 2 * LOOK_EVERY))
    return []


def _crash(rig: Rig, pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    rig.observer.sit_out_a_crash()


def _burst(rig: Rig) -> None:
    """Enough messages for several batches, and some moment while they are worked off."""
    if rig.pending() < BURST:
        rig.publisher.burst(BURST)
    time.sleep(rig.chance.uniform(0, MOMENT))
