"""A reader that is stopped in mid-transaction, replaced, and wakes up again."""

from __future__ import annotations

import signal
import time
from typing import Any

from tests.end_to_end.outsider import wait_for
from tests.faults.killing import AT_WORK, BURST, Fault
from tests.faults.rig import Rig
from worker import stack

TAKEOVER_SECONDS_MAX = 60
STANDBY_SECONDS = 3.0
TRIES_MAX = 200

SESSION = f"""
    SELECT a.pid, a.backend_start, a.xact_start, a.state {AT_WORK}
      AND EXISTS (SELECT 1 FROM pg_locks f WHERE f.pid = a.pid AND f.granted
                  AND f.relation = 'leases'::regclass AND f.mode = 'RowShareLock')"""
"""The reader's money transaction: it holds accounts, and the lease's row against a successor."""

EPOCH = "SELECT epoch FROM leases WHERE name = 'reader/0'"
DECIDED_BETWEEN = "SELECT count(*) FROM receipts WHERE decided_at > %s AND decided_at < %s"


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
        session = _stop_in_mid_batch(rig, state)
        stopped_at, began = rig.observer.ask("SELECT clock_timestamp()")[0][0], time.monotonic()
        pending = rig.pending()
        rig.mark()
        try:
            wait_for("a successor", lambda: rig.observer.ask(EPOCH) != epoch, TAKEOVER_SECONDS_MAX)
            rig.seconds_until_work_went_on()
            seconds = time.monotonic() - began
        finally:
            noticed = _times_noticed(rig)
            rig.worker.signal(signal.SIGCONT)
        wait_for(
            "the stopped reader to notice",
            lambda: _times_noticed(rig) > noticed,
            TAKEOVER_SECONDS_MAX,
        )
        note = _what_the_stopped_one_did(rig, session, stopped_at)
        standby["worker"].stop()
    rig.observer.wait_for_reader()
    return Fault(kind, pending, seconds, note)


def _stop_in_mid_batch(rig: Rig, state: str) -> Any:
    """Stops the reader's process with its transaction open, and returns the session's row."""
    for _ in range(TRIES_MAX):
        rig.publisher.burst(BURST)
        wait_for("a money transaction", lambda: rig.observer.ask(SESSION))
        rig.worker.signal(signal.SIGSTOP)
        time.sleep(0.1)  # what was on its way to the database arrives, a COMMIT too
        open_now = rig.observer.ask(SESSION)
        if open_now and open_now[0][3] == state:
            return open_now[0]
        rig.worker.signal(signal.SIGCONT)
        time.sleep(rig.chance.uniform(0, 0.05))
    raise TimeoutError(f"the reader could not be stopped {state}")


def _times_noticed(rig: Rig) -> int:
    return (rig.logs / "worker.log").read_text().count("trying again")


def _what_the_stopped_one_did(rig: Rig, session: Any, stopped_at: Any) -> str:
    """It woke up and tried to go on, and nothing of what it had decided may ever be seen."""
    pid, started_at, began_at, _ = session
    gone = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND backend_start = %s"
    committed = rig.observer.ask(DECIDED_BETWEEN, began_at, stopped_at)[0][0]
    if committed or rig.observer.ask(gone, pid, started_at) != [(0,)]:
        raise FenceBroken(f"{committed} messages of the stopped reader's transaction are committed")
    return "its transaction was ended, 0 of its receipts committed"
