"""The clock of a real process."""

import time
from datetime import UTC, datetime
from threading import Event


class SystemClock:
    """Implements `worker.ports.Clock`; a sleep ends early when the process is to stop."""

    def __init__(self, stop: Event | None = None) -> None:
        self._stop = stop or Event()

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return time.monotonic()

    def now(self) -> datetime:
        """The wall clock."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait, or less when asked to stop."""
        self._stop.wait(seconds)
