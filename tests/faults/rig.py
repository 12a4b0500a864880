"""The installation that is going to suffer: durable servers, the processes, who watches them."""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.migrate import upgrade
from tests.end_to_end.outsider import INTAKE, Outsider, wait_for
from tests.faults.load import BRIEF, Load
from tests.faults.publisher import Publisher
from tests.faults.subscriber import Subscriber
from worker import stack
from worker.embedded import Postgres, Servers, Valkey
from worker.stack import Process

QUICK = {"SCRIP_LEASE_SECONDS": "1", "SCRIP_EXPIRY_SECONDS": "2"}
PER_SECOND = 300
TAKEOVER_SECONDS_MAX = 60
LINES = 30


@dataclass
class Rig:
    """Everything that a fault may want to touch."""

    valkey: Valkey
    outsider: Outsider
    publisher: Publisher
    subscriber: Subscriber
    worker: Process
    relay: Process
    logs: Path
    chance: random.Random

    def oldest(self) -> bytes | None:
        """The id of the oldest message that nobody has acknowledged."""
        entries: Any = self.outsider.redis.xrange(INTAKE, count=1)
        return entries[0][0] if entries else None

    def unanswered_commits(self) -> int:
        """How often the reader could not know whether its batch is committed."""
        return (self.logs / "worker.log").read_text().count("COMMIT was not answered")

    def seconds_until_moved_on_from(self, oldest: bytes | None) -> float:
        """How long it takes until that message is acknowledged: work goes on."""
        began = time.monotonic()
        wait_for("work to go on", lambda: self.oldest() != oldest, TAKEOVER_SECONDS_MAX)
        return time.monotonic() - began


@contextmanager
def rig(seed: int, accounts: int) -> Iterator[Rig]:
    """A running installation under load, with everything stopped at the end."""
    os.environ.update(QUICK)
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="scrip-")))
        folder.chmod(0o711)  # PostgreSQL may pass, as nobody, to its own folder
        postgres, valkey = Postgres(folder / "postgres"), Valkey(folder / "valkey")
        for server in (postgres, valkey):
            server.start()
            opened.callback(server.stop)
        servers = Servers(postgres.url, valkey.url)
        upgrade(servers.database_url)
        outsider = opened.enter_context(Outsider(servers))
        settings = "INSERT INTO tenants (tenant, version, settings) VALUES (%s, 1, %s)"
        outsider.database.execute(settings, (BRIEF, '{"late_window": 0}'))
        processes = opened.enter_context(stack.processes(servers, folder))
        publisher = Publisher(servers.broker_url, Load(seed, accounts), PER_SECOND)
        subscriber = Subscriber(servers.broker_url)
        for thread in (subscriber, publisher):
            thread.start()
            opened.callback(thread.stop)
        outsider.wait_for_reader()
        opened.enter_context(_explained(folder))
        yield Rig(
            valkey, outsider, publisher, subscriber,
            processes["worker"], processes["relay"], folder, random.Random(seed),
        )  # fmt: skip


@contextmanager
def _explained(logs: Path) -> Iterator[None]:
    """When the harness gives up: what the processes said last."""
    try:
        yield
    except Exception:
        for log in sorted(logs.glob("*.log")):
            print(f"--- the end of {log.name}", *log.read_text().splitlines()[-LINES:], sep="\n")
        raise
