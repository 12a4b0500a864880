"""One holder per data folder."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

from worker.embedded.errors import ServerError


class FileLock:
    """An flock on a file that notes its holder; a child that is given it holds it as well."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def fileno(self) -> int:
        """The descriptor to hand on to a child."""
        assert self._descriptor is not None, "the lock is not held"
        return self._descriptor

    def acquire(self, *, wait_seconds: float = 0) -> None:
        """Take the lock, or say who has it."""
        if self._descriptor is not None:
            return
        with self.path.open("a+b") as file:
            # Out of the way of the single digits that a shell can redirect.
            descriptor = fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, 10)
        deadline = time.monotonic() + wait_seconds
        while not _lock(descriptor):
            if time.monotonic() >= deadline:
                os.close(descriptor)
                raise ServerError(self._refusal())
            time.sleep(0.02)
        os.truncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go; children that were given the lock keep it until they end."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def is_held(self) -> bool:
        """Whether anybody, here or elsewhere, has it."""
        with suppress(OSError), self.path.open("rb") as probe:
            return not _lock(probe.fileno())
        return False

    def _refusal(self) -> str:
        holder = self.path.read_text().strip() or "unknown"
        return (
            f"{self.path.parent} is in use by process {holder}:"
            " stop that one first, or choose another data directory"
        )


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
