"""One server process: started, watched, stopped, killed; it never outlives its starter."""

from __future__ import annotations

import os
import pwd
import secrets
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Any

from worker.embedded.errors import ServerError
from worker.embedded.lock import FileLock
from worker.embedded.ports import choose_port

START_SECONDS_MAX = 120  # recovery after a crash reads up to 2 GB of log
STOP_SECONDS_MAX = 30
LEFTOVER_SECONDS_MAX = 15  # a server whose starter was killed needs a moment to shut down

# Runs "$@" in this shell's own process id, beside a watcher that is nobody's child: it waits on a
# pipe from the starter and, when the starter is gone however it ended, sends the server signal $0.
# Unlike PR_SET_PDEATHSIG this is not bound to a thread, survives setuid and works on macOS.
WATCHED = """
exec 3<&0 </dev/null
( (read -r _ <&3 || kill -s "$0" $$) & )
exec 3<&-
exec "$@"
"""


def nobody() -> dict[str, Any] | None:
    """How to give a child the rights of `nobody`, when this is root; PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


class Server(ABC):
    """A server with its own folder: lock, log, password and data."""

    name: str
    stop_signal: signal.Signals

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder.absolute()
        self.durable = durable
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = FileLock(self.folder / "lock")
        self._server_lock = FileLock(self.folder / "server-lock")
        self._identity: dict[str, Any] = {}

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients connect, password included."""

    @property
    def log(self) -> Path:
        """What the server and its set-up wrote."""
        return self.folder / "log"

    @property
    def password(self) -> str:
        return (self.folder / "password").read_text().strip()

    @property
    def pid(self) -> int | None:
        """The running server's process id."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if running and self._process else None

    def start(self) -> None:
        """Start on the port of the last start and return when the server answers."""
        if self.pid is not None:
            return
        self._reap()
        try:
            self._prepare()
            self.port = choose_port(self.folder / "port")
            self._spawn(self._command())
            self._wait_until_ready()
        except BaseException as error:
            self.kill()
            self._lock.release()
            if isinstance(error, PermissionError):
                raise ServerError(f"{self.name}: {error} (made by another user?)") from error
            raise
        finally:
            self._server_lock.release()  # from here on the server alone has it

    def stop(self) -> None:
        """Shut down in order and give the folder free."""
        if self._process is not None and self.pid is not None:
            self._process.send_signal(self.stop_signal)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS_MAX)
            self._process.kill()
        self._reap()
        self._lock.release()

    def kill(self) -> None:
        """SIGKILL, as a power cut would; `start` or `restart` brings the server back."""
        if self._process is not None and (pid := self.pid) is not None:
            for victim in (pid, *_children(pid)):
                with suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
        self._reap()

    def restart(self) -> None:
        """Stop in order, if running, and start again on the same port."""
        self.stop()
        self.start()

    @abstractmethod
    def _command(self) -> list[str]: ...

    @abstractmethod
    def _answers(self) -> bool: ...

    def _prepare(self) -> None:
        """Make the folder ours alone, before the server sees it."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._own(self.folder)
        self._lock.acquire()
        self._server_lock.acquire(wait_seconds=LEFTOVER_SECONDS_MAX)
        path = self.folder / "password"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(f"{secrets.token_urlsafe(24)}\n")
        self._own(path)

    def _own(self, path: Path) -> None:
        if self._identity:
            os.chown(path, self._identity["user"], self._identity["group"])

    def _spawn(self, command: list[str]) -> None:
        with self.log.open("ab") as log:
            self._own(self.log)
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", WATCHED, self.stop_signal.name.removeprefix("SIG"), *command],
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the starter
                pass_fds=(self._server_lock.fileno(),),
                **self._identity,
            )

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self._answers():
            if self.pid is None:
                raise self._failure("ended while starting")
            if time.monotonic() > deadline:
                raise self._failure(f"did not answer within {START_SECONDS_MAX} s")
            time.sleep(0.01)

    def _failure(self, what: str) -> ServerError:
        tail = "\n".join(f"  | {line}" for line in _tail(self.log))
        return ServerError(
            f"{self.name} {what}. The end of {self.log}:\n{tail}\n"
            f"If this data may go, delete {self.folder} and start again."
        )

    def _reap(self) -> None:
        """Collect the ended process and tell its watcher that all is well."""
        if self._process is None:
            return
        self._process.wait()
        with suppress(BrokenPipeError):
            self._process.communicate(b"done\n")
        self._process = None


def _children(pid: int) -> list[int]:
    """Direct children where /proc tells; elsewhere they see for themselves that the parent died."""
    with suppress(OSError):
        return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _tail(path: Path, lines: int = 12) -> list[str]:
    with suppress(OSError):
        return path.read_text(errors="replace").splitlines()[-lines:]
    return []
