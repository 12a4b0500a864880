"""PostgreSQL from its programs alone."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg

from worker.embedded import binaries
from worker.embedded.process import Server, nobody

NAME = "scrip"
"""The superuser and the database."""

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "50",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "wal_compression": "on",  # pglz, which every build has
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_error_verbosity": "terse",  # the detail of a refused row is a payload
}
UNSAFE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "256MB",
}
"""For tests that never look at what a crash leaves."""


class Postgres(Server):
    """One PostgreSQL server with one superuser and one database, both named scrip."""

    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # "fast" shutdown: sessions are ended, nothing is lost

    def __init__(
        self, folder: Path, *, durable: bool = True, memory: str = SETTINGS["shared_buffers"]
    ) -> None:
        """`memory` is what it keeps of its pages, as PostgreSQL writes it (4GB)."""
        super().__init__(_for_postgres(folder), durable=durable)
        self._memory = memory
        self._identity = nobody() or {}
        self._bin = binaries.postgres_bin()

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.folder / "cluster"

    @property
    def url(self) -> str:
        return self._url(NAME)

    def _url(self, database: str) -> str:
        return f"postgresql://{NAME}:{self.password}@127.0.0.1:{self.port}/{database}"

    def _prepare(self) -> None:
        super()._prepare()
        if not self.cluster.exists():
            self._initialise()
        # We hold the folder, so this names a server that is gone, and perhaps by now a process
        # that has nothing to do with it: in containers process ids repeat.
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _initialise(self) -> None:
        """Make the cluster aside and move it into place, so that it is whole or not there."""
        partial = self.folder / "cluster.partial"
        shutil.rmtree(partial, ignore_errors=True)
        command = [
            str(self._bin / "initdb"), "--pgdata", str(partial), "--username", NAME,
            "--pwfile", str(self.folder / "password"), "--auth", "scram-sha-256",
            "--encoding", "UTF8", "--no-locale", "--data-checksums", "--no-instructions",
        ]  # fmt: skip
        if not self.durable:
            command.append("--no-sync")
        with self.log.open("ab") as log:
            self._own(self.log)
            done = subprocess.run(
                command,
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
                **self._identity,
            )
        if done.returncode:
            raise self._failure("could not make its data directory")
        partial.rename(self.cluster)

    def _command(self) -> list[str]:
        own = {"port": str(self.port), "shared_buffers": self._memory}
        settings = SETTINGS | own | ({} if self.durable else UNSAFE)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self._bin / "postgres"), "-D", str(self.cluster), *options]

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
                found = "SELECT 1 FROM pg_database WHERE datname = %s"
                if not connection.execute(found, (NAME,)).fetchone():
                    connection.execute(f"CREATE DATABASE {NAME}")
        except psycopg.OperationalError:
            return False
        return True


def _for_postgres(folder: Path) -> Path:
    """The folder itself, or, when `nobody` cannot get there, one elsewhere that it links to.

    Opening the parents of a private home to everybody is not ours to do. Whoever deletes the link
    starts afresh, as with a folder.
    """
    if folder.is_symlink():
        return folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    if binaries.reachable(folder.parent):
        return folder
    elsewhere = Path(tempfile.mkdtemp(prefix="data-", dir=binaries.root_owned()))
    folder.symlink_to(elsewhere)
    return elsewhere
