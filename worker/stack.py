"""A whole installation on one machine: servers where none are given, and the three processes.

`up`, `demo` and the tests that kill things all run this one.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from db.migrate import upgrade
from worker import embedded
from worker.embedded import Servers
from worker.embedded.process import WATCHED

PROCESSES = ("worker", "relay", "beat")
STOP_SECONDS_MAX = 30


class Process:
    """One of the three, as a child that ends with its parent however the parent ends."""

    def __init__(self, name: str, environment: dict[str, str], log: IO[bytes] | None) -> None:
        self.name = name
        self._environment, self._log = environment, log
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        running = self._popen is not None and self._popen.poll() is None
        return self._popen.pid if running and self._popen else None

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs."""
        return self._popen.poll() if self._popen else None

    def start(self) -> None:
        """Start it, or start it again."""
        self._reap()
        self._popen = subprocess.Popen(
            ["/bin/sh", "-c", WATCHED, "TERM", sys.executable, "-m", "worker.cli", self.name],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,  # Ctrl-C is for the parent, which stops its children in order
        )

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def stop(self) -> int | None:
        """SIGTERM, and SIGKILL for one that does not listen; returns the exit code."""
        self.signal(signal.SIGTERM)
        if self._popen is not None:
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(STOP_SECONDS_MAX)
        return self.kill()

    def kill(self) -> int | None:
        """SIGKILL; returns the exit code."""
        self.signal(signal.SIGKILL)
        code = self._popen.wait() if self._popen else None
        self._reap()
        return code

    def _reap(self) -> None:
        if self._popen is None:
            return
        self._popen.wait()
        with suppress(BrokenPipeError):
            self._popen.communicate(b"done\n")  # tells the watcher that all is well
        self._popen = None


@contextmanager
def servers(data: Path | None, durable: bool = True) -> Iterator[Servers]:
    """Embedded servers, or those that DATABASE_URL and BROKER_URL name; migrated."""
    given = os.environ.get
    with embedded.start(
        data,
        durable=durable,
        database_url=given("DATABASE_URL"),
        broker_url=given("BROKER_URL"),
    ) as started:
        upgrade(started.database_url)
        yield started


@contextmanager
def processes(
    started: Servers, logs: Path | None = None, names: tuple[str, ...] = PROCESSES
) -> Iterator[dict[str, Process]]:
    """The processes by name, stopped in order at the end; their output goes to `logs`, if given."""
    environment = {
        **os.environ,
        "DATABASE_URL": started.database_url,
        "BROKER_URL": started.broker_url,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
    }
    with ExitStack() as stack:
        running = {}
        for number, name in enumerate(names):
            log = stack.enter_context((logs / f"{name}.log").open("ab")) if logs else None
            running[name] = Process(name, {**environment, **_health_port(number)}, log)
            stack.callback(running[name].stop)
            running[name].start()
        yield running


def _health_port(number: int) -> dict[str, str]:
    """A port for each, where all run on one machine: the given one, and those behind it."""
    given = os.environ.get("SCRIP_HEALTH_PORT", "")
    if not given.isdecimal():
        return {}  # a wrong one is refused by the process itself
    return {"SCRIP_HEALTH_PORT": str(int(given) + number)}


ROOT = Path(__file__).resolve().parent.parent
