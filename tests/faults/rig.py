"""The installation that is going to suffer: durable servers, the processes, who watches them."""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from db.migrate import upgrade
from tests.brokers.client import Client
from tests.brokers.kinds import Kind
from tests.end_to_end.outsider import Observer, wait_for
from tests.faults.load import BRIEF, Load
from tests.faults.publisher import Publisher
from tests.faults.subscriber import Subscriber
from worker import stack
from worker.embedded import Postgres, Servers
from worker.embedded.process import Server
from worker.stack import Process

QUICK = {"SCRIP_LEASE_SECONDS": "1", "SCRIP_EXPIRY_SECONDS": "2"}
PER_SECOND = 300
TAKEOVER_SECONDS_MAX = 60
LINES = 30


@dataclass
class Rig:
    """Everything that a fault may want to touch."""

    server: Server
    """The broker."""
    client: Client
    observer: Observer
    publisher: Publisher
    subscriber: Subscriber
    worker: Process
    relay: Process
    logs: Path
    chance: random.Random

    def pending(self) -> int:
        """Published messages that have no outcome yet, repeats not counted."""
        decided = self.observer.count("receipts") + self.observer.count("quarantine")
        return max(0, self.publisher.different - decided)

    def is_quiet(self) -> bool:
        """Whether everything is decided and every event out."""
        return not (self.client.backlog() or self.observer.count("outbox") or self.pending())

    def unanswered_commits(self) -> int:
        """How often the reader could not know whether its batch is committed."""
        lines = (self.logs / "worker.log").read_text().splitlines()
        return sum("trying again" in line and "COMMIT was not answered" in line for line in lines)

    def mark(self) -> None:
        """Note this instant for `seconds_until_work_went_on`."""
        self.client.close()  # with what it has heard so far
        wait_for("the broker", lambda: self._acknowledged(0.0) is not None)

    def seconds_until_work_went_on(self) -> float:
        """How long it takes until a batch is acknowledged: the oldest ones, for there is order."""
        began = time.monotonic()
        wait_for("work to go on", lambda: self._acknowledged(0.1), TAKEOVER_SECONDS_MAX)
        return time.monotonic() - began

    def _acknowledged(self, wait: float) -> bool | None:
        with suppress(*self.client.errors):
            return self.client.acknowledged(wait)
        return None


@contextmanager
def rig(kind: Kind, seed: int, accounts: int) -> Iterator[Rig]:
    """A running installation under load, with everything stopped at the end."""
    with ExitStack() as opened:
        opened.enter_context(_quick())
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="scrip-")))
        folder.chmod(0o711)  # PostgreSQL may pass, as nobody, to its own folder
        postgres, broker = Postgres(folder / "postgres"), kind.server(folder / "broker")
        for server in (postgres, broker):
            server.start()
            opened.callback(server.stop)
        servers = Servers(postgres.url, broker.url)
        upgrade(servers.database_url)
        observer = opened.enter_context(Observer(servers))
        settings = "INSERT INTO tenants (tenant, version, settings) VALUES (%s, 1, %s)"
        observer.database.execute(settings, (BRIEF, '{"late_window": 0}'))
        client = kind.connect(broker.url)
        opened.callback(client.close)
        publisher = Publisher(kind.connect(broker.url), Load(seed, accounts), PER_SECOND)
        subscriber = Subscriber(kind.connect(broker.url))
        processes = opened.enter_context(stack.processes(servers, folder))
        opened.enter_context(_explained(folder))
        observer.wait_for_reader()
        wait_for("its queue", client.is_read)
        for thread in (subscriber, publisher):
            thread.start()
            opened.callback(thread.stop)
        yield Rig(
            broker, client, observer, publisher, subscriber,
            processes["worker"], processes["relay"], folder, random.Random(seed),
        )  # fmt: skip


@contextmanager
def _quick() -> Iterator[None]:
    """Short times for the processes that are started meanwhile."""
    before = dict(os.environ)
    os.environ.update(QUICK)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _explained(logs: Path) -> Iterator[None]:
    """When the harness gives up: what the processes said last."""
    try:
        yield
    except Exception:
        for log in sorted(logs.rglob("*.log")):
            print(f"--- the end of {log.name}", *log.read_text().splitlines()[-LINES:], sep="\n")
        raise
