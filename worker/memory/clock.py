"""A clock that stands still until it is told to move."""

from datetime import UTC, datetime, timedelta


class MemoryClock:
    """A settable clock; sleeping is what moves it by itself."""

    def __init__(self, now: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = now
        self._monotonic = 0.0

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return self._monotonic

    def now(self) -> datetime:
        """The wall clock."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Move both clocks forward, at once."""
        self._monotonic += seconds
        self._now += timedelta(seconds=seconds)

    def set(self, now: datetime) -> None:
        """Set the wall clock, forward or back; the monotonic one does not notice."""
        self._now = now
