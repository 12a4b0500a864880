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
    with stack.processes(rig.outsider.servers, rig.logs, names=("worker",)) as standby:
        time.sleep(STANDBY_SECONDS)
        epoch = rig.outsider.ask(EPOCH)
        session = _stop_in_mid_batch(rig, state)
        stopped_at, began = rig.outsider.ask("SELECT clock_timestamp()")[0][0], time.monotonic()
        pending, oldest = rig.outsider.backlog(), rig.oldest()
        try:
            wait_for("a successor", lambda: rig.outsider.ask(EPOCH) != epoch, TAKEOVER_SECONDS_MAX)
            wait_for("its work", lambda: rig.oldest() != oldest, TAKEOVER_SECONDS_MAX)
            seconds = time.monotonic() - began
        finally:
            rig.worker.signal(signal.SIGCONT)
        note = _what_the_stopped_one_did(rig, session, stopped_at)
        standby["worker"].stop()
    rig.outsider.wait_for_reader()
    return Fault(kind, pending, seconds, note)


def _stop_in_mid_batch(rig: Rig, state: str) -> Any:
    """Stops the reader's process with its transaction open, and returns the session's row."""
    for _ in range(TRIES_MAX):
        rig.publisher.burst(BURST)
        wait_for("a money transaction", lambda: rig.outsider.ask(SESSION))
        rig.worker.signal(signal.SIGSTOP)
        time.sleep(0.1)  # what was on its way to the database arrives, a COMMIT too
        open_now = rig.outsider.ask(SESSION)
        if open_now and open_now[0][3] == state:
            return open_now[0]
        rig.worker.signal(signal.SIGCONT)
        time.sleep(rig.chance.uniform(0, 0.05))
    raise TimeoutError(f"the reader could not be stopped {state}")


def _what_the_stopped_one_did(rig: Rig, session: Any, stopped_at: Any) -> str:
    """It wakes up, tries to go on, and nothing of what it had decided may ever be seen."""
    pid, started_at, began_at, _ = session
    log = rig.logs / "worker.log"
    before = log.read_text().count("trying again")
    wait_for("the stopped reader to notice", lambda: log.read_text().count("trying again") > before)
    gone = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND backend_start = %s"
    committed = rig.outsider.ask(DECIDED_BETWEEN, began_at, stopped_at)[0][0]
    if committed or rig.outsider.ask(gone, pid, started_at) != [(0,)]:
        raise FenceBroken(f"{committed} messages of the stopped reader's transaction are committed")
    return "its transaction was ended, 0 of its receipts committed"
