"""Real servers without an installation: PostgreSQL and Valkey for the demo, `up` and the tests.

They are the same programs that production runs, found as wheels or in the system, started here as
children that end with their starter. Production gives URLs and starts nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from worker.embedded.binaries import reachable
from worker.embedded.errors import ServerError
from worker.embedded.lock import FileLock
from worker.embedded.postgres import Postgres
from worker.embedded.process import Server
from worker.embedded.valkey import Valkey

__all__ = ["Postgres", "ServerError", "Servers", "Valkey", "running", "start"]

MEMORY = "/dev/shm"  # noqa: S108 - databases are copied ten times faster there than on disk
MEMORY_BYTES_MIN = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the database and the broker answer."""

    database_url: str
    broker_url: str


@contextmanager
def start(
    data: Path | None,
    *,
    durable: bool = True,
    database_url: str | None = None,
    broker_url: str | None = None,
) -> Iterator[Servers]:
    """Start what no URL is given for, and stop it at the end.

    `data` is kept; without it a temporary directory is used and removed. `durable` servers keep
    what they confirmed through a crash; others are quicker.
    """
    with ExitStack() as stack:
        folder = data or stack.enter_context(_temporary(durable=durable))
        if database_url is None:
            postgres = Postgres(folder / "postgres", durable=durable)
            database_url = stack.enter_context(_started(postgres)).url
        if broker_url is None:
            valkey = Valkey(folder / "valkey", durable=durable)
            broker_url = stack.enter_context(_started(valkey)).url
        servers = Servers(database_url, broker_url)
        stack.enter_context(_noted(folder, servers))
        yield servers


def running(data: Path) -> Servers | None:
    """The servers that another process has started on `data`, if they are up."""
    note = data / "servers.json"
    if not note.exists() or not FileLock(data / "lock").is_held():
        return None
    return Servers(**json.loads(note.read_text()))


@contextmanager
def _started(server: Server) -> Iterator[Server]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def _noted(folder: Path, servers: Servers) -> Iterator[None]:
    """Leave a note for `running`, good for as long as this process holds the lock beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "lock")
    lock.acquire()
    note = folder / "servers.json"
    note.touch(mode=0o600)
    note.write_text(json.dumps(asdict(servers)))
    try:
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


@contextmanager
def _temporary(*, durable: bool) -> Iterator[Path]:
    places = (tempfile.gettempdir(), "/var/tmp")  # noqa: S108 - mkdtemp makes it safe
    base = next(place for place in places if reachable(Path(place)))
    if not durable and _has_room(MEMORY):
        base = MEMORY
    _sweep(Path(base))
    folder = Path(tempfile.mkdtemp(prefix="scrip-", dir=base))
    folder.chmod(0o711)  # PostgreSQL may pass, as nobody, to its own folder
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _has_room(place: str) -> bool:
    """In containers shared memory is often as small as 64 MB."""
    usable = os.access(place, os.W_OK | os.X_OK)
    return usable and shutil.disk_usage(place).free > MEMORY_BYTES_MIN


def _sweep(base: Path) -> None:
    """Remove what starters that were killed have left here, an hour later."""
    for folder in base.glob("scrip-*"):
        with suppress(OSError):  # somebody else was quicker
            about = folder.lstat()
            old = about.st_uid == os.getuid() and time.time() - about.st_mtime > 3600
            if old and folder.is_dir() and not FileLock(folder / "lock").is_held():
                shutil.rmtree(folder)
