"""What is measured: fresh servers on disk, a worker and a relay, and clients of the broker."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from db.migrate import upgrade
from tests.brokers.client import Client
from tests.brokers.kinds import Kind
from tests.end_to_end.outsider import Observer, wait_for
from worker import stack
from worker.embedded import Postgres, Servers
from worker.embedded.postgres import SETTINGS
from worker.embedded.process import Server
from worker.stack import Process

PARTS = ("worker", "relay")


@dataclass(frozen=True, kw_only=True)
class Installation:
    """A running one."""

    kind: Kind
    servers: Servers
    observer: Observer
    client: Client
    subscriber: Client
    """Follows the events from the first one on; before it reads, they lie in the broker."""
    onlooker: Client
    """Hears of acknowledgements."""
    processes: Mapping[str, Process]
    postgres: Server
    broker: Server

    @property
    def urls(self) -> dict[str, str]:
        """As a process finds them in its environment."""
        servers = self.servers
        return {"DATABASE_URL": servers.database_url, "BROKER_URL": servers.broker_url}


@contextmanager
def installation(
    kind: Kind, data: Path | None = None, memory: str = SETTINGS["shared_buffers"]
) -> Iterator[Installation]:
    """Fresh servers, all durable: fsync, synchronous_commit, appendfsync always, quorum queues.

    With `data`, a folder that another user can pass, the database there goes on; `memory` is
    PostgreSQL's own for its pages.
    """
    for name in ("DATABASE_URL", "BROKER_URL"):
        os.environ.pop(name, None)
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="scrip-")))
        folder.chmod(0o711)  # PostgreSQL may pass, as nobody, to its own folder
        postgres, broker = (
            Postgres((data or folder) / "postgres", memory=memory),
            kind.server(folder / "broker"),
        )
        for server in (postgres, broker):
            opened.callback(server.stop)
            server.start()
        servers = Servers(postgres.url, broker.url)
        upgrade(servers.database_url)
        observer = opened.enter_context(Observer(servers))
        client, subscriber, onlooker = (kind.connect(broker.url) for _ in range(3))
        for one in (client, subscriber, onlooker):
            opened.callback(one.close)
        subscriber.follow()
        processes = opened.enter_context(stack.processes(servers, folder, PARTS))
        observer.wait_for_reader()
        wait_for("its queue", client.is_read)
        yield Installation(
            kind=kind,
            servers=servers,
            observer=observer,
            client=client,
            subscriber=subscriber,
            onlooker=onlooker,
            processes=processes,
            postgres=postgres,
            broker=broker,
        )
