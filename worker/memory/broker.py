"""A broker in memory: a list of deliveries and a list of events."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import count, repeat
from operator import attrgetter
from typing import NamedTuple

from worker.ports import Clock, Delivery


class Published(NamedTuple):
    """An event as subscribers find it on the stream; ids rise in order of publication."""

    id: int
    at: datetime
    event: str


class MemoryBroker:
    """Keeps what it is given until the process ends; nothing of it is ever lost before that."""

    settle_seconds = 0.0

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._deliveries: list[Delivery] = []
        self._delivery_ids = count(1)
        self._event_ids = count(1)
        self._work_waits = False
        self.events: list[Published] = []

    def read(self, after: str | None, count: int, wait: float) -> list[Delivery]:
        """Up to `count` unacknowledged messages behind `after`, lowest id first (None: all)."""
        found = self._behind(after, count)
        if not found and wait > 0:
            self._clock.sleep(wait)
            found = self._behind(after, count)
        return found

    def acknowledge(self, ids: Sequence[str]) -> None:
        """Take messages off the intake, for good; also wakes the relay."""
        self._take(ids)
        self._work_waits = True

    def give_back(self) -> None:
        """Nothing is ever taken."""

    def submit(
        self, bodies: Sequence[bytes], signatures: Sequence[str | None] | None = None
    ) -> list[str]:
        """Put messages on the intake, in order; returns their ids."""
        # Zero-padded, so that ids compare as text in the order of their numbers.
        new = [
            Delivery(f"{next(self._delivery_ids):020d}", body, signature=signature)
            for body, signature in zip(bodies, signatures or repeat(None), strict=False)
        ]
        self._deliveries.extend(new)
        return [delivery.id for delivery in new]

    def backlog(self) -> int:
        """How many messages are not yet acknowledged."""
        return len(self._deliveries)

    def publish(self, events: Sequence[str]) -> None:
        """Append events in order."""
        now = self._clock.now()
        self.events.extend(Published(next(self._event_ids), now, event) for event in events)

    def durable(self, wait: float) -> bool:  # noqa: ARG002 - memory has nothing to wait for
        """Whether all that this broker was given so far would survive its crash."""
        return True

    def wait_for_work(self, wait: float) -> None:
        """Return when `acknowledge` was called since the last wait, or after `wait` seconds."""
        if not self._work_waits:
            self._clock.sleep(wait)
        self._work_waits = False

    def trim(self, keep: timedelta) -> None:
        """Let go of events published longer ago."""
        oldest = self._clock.now() - keep
        del self.events[: bisect_left(self.events, oldest, key=attrgetter("at"))]

    def _behind(self, after: str | None, count: int) -> list[Delivery]:
        start = 0 if after is None else bisect_right(self._deliveries, after, key=_id)
        return self._deliveries[start : start + count]

    def _take(self, ids: Iterable[str]) -> list[Delivery]:
        """Remove the deliveries that are still there; returns them."""
        taken = []
        for id_ in ids:
            place = bisect_left(self._deliveries, id_, key=_id)
            if place < len(self._deliveries) and self._deliveries[place].id == id_:
                taken.append(self._deliveries.pop(place))
        return taken

    def _put_back(self, deliveries: Iterable[Delivery]) -> None:
        for delivery in deliveries:
            insort(self._deliveries, delivery, key=_id)


_id = attrgetter("id")
