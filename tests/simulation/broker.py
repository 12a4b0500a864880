"""A broker that loses what has not reached its disk when it crashes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from worker.memory.broker import MemoryBroker
from worker.ports import Clock


class LossyBroker(MemoryBroker):
    """Remembers how to undo everything since the disk was last in step."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._undo: list[Callable[[], object]] = []
        self.incarnation = 1

    def acknowledge(self, ids: Sequence[str]) -> None:
        """Take messages off; a crash may bring them back."""
        gone = set(ids)
        taken = [delivery for delivery in self._deliveries if delivery.id in gone]
        super().acknowledge(ids)
        self._undo.append(partial(self._put_back, taken))

    def submit(
        self, bodies: Sequence[bytes], signatures: Sequence[str | None] | None = None
    ) -> list[str]:
        """Put messages on; a crash may take them away."""
        ids = super().submit(bodies, signatures)
        self._undo.append(partial(self._take, ids))
        return ids

    def publish(self, events: Sequence[str]) -> None:
        """Append events; a crash may take them away."""
        length = len(self.events)
        super().publish(events)
        new = {event.id for event in self.events[length:]}
        self._undo.append(partial(self._unpublish, new))

    def durable(self, wait: float) -> bool:
        """Whether the disk has everything; waits for it once."""
        if self._undo and wait > 0:
            self._clock.sleep(wait)
        return not self._undo

    def sync(self) -> None:
        """Bring the disk into step."""
        self._undo.clear()

    def crash(self, lost: int) -> None:
        """Restart from the disk, without the newest `lost` of what it had not got."""
        for undo in reversed(self._undo[len(self._undo) - lost :]):
            undo()
        self._undo.clear()
        self.incarnation += 1

    @property
    def unsynced(self) -> int:
        """How many operations the disk has not got."""
        return len(self._undo)

    def _unpublish(self, ids: set[int]) -> None:
        self.events = [event for event in self.events if event.id not in ids]
