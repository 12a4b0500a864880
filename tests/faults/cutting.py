"""Power loss at the broker: what it had written and not yet synced is gone from its log.

The log is not synced for a while (appendfsync no) and then cut somewhere in what was written in
that time. So everything that anybody has been told is durable must survive, and everything else
may be lost: messages, acknowledgements and events. Not `everysec`, which would be the everyday
case: there Valkey 9.1 answers WAITAOF before it has synced, so it promises what it cannot keep.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from redis import Redis

from tests.end_to_end.outsider import wait_for
from tests.faults.killing import BURST, Fault
from tests.faults.rig import Rig
from worker.embedded import Valkey

LOSE_SECONDS = 1.5
"""How long messages and events go out unsynced."""


def cut_log(rig: Rig) -> Fault:
    """Cut the append-only log's tail, then publish again what may have been in it."""
    valkey = rig.server
    assert isinstance(valkey, Valkey), "RabbitMQ's logs have a format of their own"
    with rig.publisher.held():
        known_kept = len(rig.publisher.journal)
        with Redis.from_url(valkey.url) as client:
            _stop_syncing(client)
        log = _newest_part(valkey.aof)
        size = log.stat().st_size
    rig.publisher.burst(BURST)
    time.sleep(LOSE_SECONDS)
    rig.publisher.burst(BURST)
    with rig.publisher.held():
        pending = rig.pending()
        valkey.kill()
        lost = _cut(log, int(rig.chance.uniform(size, size + (log.stat().st_size - size) / 2)))
        valkey.start()
        again = rig.publisher.send_again_from(known_kept)
        rig.mark()
    seconds = rig.seconds_until_work_went_on()
    note = f"{lost // 1024} KB of log lost, {again} messages published again"
    return Fault("log of the broker cut", pending, seconds, note)


def _stop_syncing(broker: Any) -> None:
    """Until the next start; the log must not be rewritten into another file meanwhile."""
    broker.config_set("auto-aof-rewrite-percentage", 0)
    wait_for("no rewrite", lambda: broker.info("persistence")["aof_rewrite_in_progress"] == 0)
    broker.config_set("appendfsync", "no")


def _newest_part(folder: Path) -> Path:
    return max(folder.glob("*.incr.aof"), key=lambda part: int(part.name.split(".")[-3]))


def _cut(log: Path, size: int) -> int:
    lost = log.stat().st_size - size
    os.truncate(log, size)
    return lost
