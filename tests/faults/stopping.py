"""A reader that is stopped in mid-transaction, replaced, and wakes up again."""

from __future__ import annotations

import os
import signal
import time
from datetime import datetime
from typing import Any, NamedTuple

from tests.end_to_end.outsider import wait_for
from tests.faults.killing import AT_WORK, BURST, Fault
from tests.faults.rig import Rig
from tests.processes import deciders_of
from worker import stack

TAKEOVER_SECONDS_MAX = 60
STANDBY_SECONDS = 3.0
TRIES_MAX = 200

SESSION = f"""
    SELECT a.pid, a.backend_start, a.xact_start, a.state {AT_WORK}
      AND EXISTS (SELECT 1 FROM pg_locks f WHERE f.pid = a.pid AND f.granted
                  AND f.relation = 'leases'::regclass AND f.mode = 'RowShareLock')"""
"""Money transactions of a reader: they hold accounts, and the lease's row against a successor."""

EPOCH = "SELECT epoch FROM leases WHERE name = 'reader/0'"
DECIDED_BETWEEN = "SELECT count(*) FROM receipts WHERE decided_at > %s AND decided_at < %s"


class Stopped(NamedTuple):
    """A reader that was stopped."""

    sessions: list[Any]
    """Its open transactions, as SESSION has them."""
    began_at: datetime
    at: datetime
    committed: int
    """How many messages of that time were committed by then."""


class FenceBroken(AssertionError):
    """A stopped reader has committed after its successor had begun."""


def stop_reader(rig: Rig) -> Fault:
    """SIGSTOP while it decides, between gather and COMMIT."""
    return _stop_reader(rig, "reader stopped while deciding", "idle in transaction")


def stop_reader_writing(rig: Rig) -> Fault:
    """SIGSTOP while the database waits for the rest of what it was writing."""
    return _stop_reader(rig, "reader stopped while writing", "active")


def _stop_reader(rig: Rig, kind: str, state: str) -> Fault:
    logs = rig.logs / "standby"
    logs.mkdir(exist_ok=True)
    with stack.processes(rig.observer.servers, logs, names=("worker",)) as standby:
        time.sleep(STANDBY_SECONDS)
        epoch = rig.observer.ask(EPOCH)
        stopped = _stop_in_mid_batch(rig, state)
        began = time.monotonic()
        pending = rig.pending()
        rig.mark()
        try:
            wait_for("a successor", lambda: rig.observer.ask(EPOCH) != epoch, TAKEOVER_SECONDS_MAX)
            rig.seconds_until_work_went_on()
            seconds = time.monotonic() - began
        finally:
            noticed = _times_noticed(rig)
            _signal(rig, signal.SIGCONT)
        wait_for(
            "the stopped reader to notice",
            lambda: _times_noticed(rig) > noticed,
            TAKEOVER_SECONDS_MAX,
        )
        note = _what_the_stopped_one_did(rig, stopped)
        standby["worker"].stop()
    rig.observer.wait_for_reader()
    return Fault(kind, pending, seconds, note)


def _stop_in_mid_batch(rig: Rig, state: str) -> Stopped:
    """Stops the reader and its deciders with a transaction of theirs open."""
    for _ in range(TRIES_MAX):
        rig.publisher.burst(BURST)
        wait_for("a money transaction", lambda: rig.observer.ask(SESSION))
        _signal(rig, signal.SIGSTOP)
        time.sleep(0.1)  # what was on its way to the database arrives, a COMMIT too
        sessions = rig.observer.ask(SESSION)
        if any(session[3] == state for session in sessions):
            began_at = min(session[2] for session in sessions)
            stopped_at = rig.observer.ask("SELECT clock_timestamp()")[0][0]
            committed = rig.observer.ask(DECIDED_BETWEEN, began_at, stopped_at)[0][0]
            return Stopped(sessions, began_at, stopped_at, committed)
        _signal(rig, signal.SIGCONT)
        time.sleep(rig.chance.uniform(0, 0.05))
    raise TimeoutError(f"the reader could not be stopped {state}")


def _signal(rig: Rig, number: signal.Signals) -> None:
    """To the worker and its deciders."""
    assert rig.worker.pid, "it runs"
    for pid in (*deciders_of(rig.worker.pid), rig.worker.pid):
        os.kill(pid, number)


def _times_noticed(rig: Rig) -> int:
    return (rig.logs / "worker.log").read_text().count("trying again")


def _what_the_stopped_one_did(rig: Rig, stopped: Stopped) -> str:
    """It woke up and tried to go on, and nothing of what it had decided may ever be seen."""
    gone = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND backend_start = %s"
    open_still = [row for row in stopped.sessions if rig.observer.ask(gone, *row[:2]) != [(0,)]]
    decided = rig.observer.ask(DECIDED_BETWEEN, stopped.began_at, stopped.at)[0][0]
    committed = decided - stopped.committed
    if committed or open_still:
        raise FenceBroken(f"{committed} messages of the stopped reader's are committed after all")
    ended = len(stopped.sessions)
    return f"its transactions ({ended}) were ended, 0 of their receipts committed"
