"""Messages decided one after the other in memory, by the writer's own code, with their events."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from worker.codec import Codec
from worker.expiry import expire_due
from worker.memory.clock import MemoryClock
from worker.memory.store import MemoryStore
from worker.ports import Delivery
from worker.process import read_batch, settle


class Story:
    """An installation in memory whose clock goes where it is told."""

    def __init__(self, now: datetime) -> None:
        self._clock = MemoryClock(now)
        self._store = MemoryStore(self._clock)
        self.published: list[str] = []
        """Everything so far, as text."""

    def decide(self, raw: bytes, now: datetime | None = None) -> list[Any]:
        """The events that a message leads to."""
        if now is not None:
            self._clock.set(now)
        settle(read_batch([Delivery("", raw)], Codec().decode), self._store, None)
        return self._told()

    def let_expire(self) -> list[Any]:
        """The events of the next expiry run that has something to do."""
        due = self._store.next_due()
        assert due is not None, "nothing falls due"
        self._clock.set(due)
        expire_due(self._store)
        return self._told()

    def announce(self, now: datetime, notice: timedelta) -> list[Any]:
        """The events of a run that tells of the grants that are to end so soon."""
        self._clock.set(now)
        expire_due(self._store, notice=notice)
        return self._told()

    def _told(self) -> list[Any]:
        rows = self._store.unsent(1_000, ())
        self._store.forget([row.id for row in rows])
        texts = [text for row in rows for text in row.events]
        self.published.extend(texts)
        return [json.loads(text) for text in texts]
