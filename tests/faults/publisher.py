"""An upstream with an outbox: whatever it cannot know to be kept, it publishes again, in order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, RLock, Thread

from tests.brokers.client import Client, publish_surely
from tests.faults.load import Load, Sent

TICK = 0.05


class Publisher:
    """Publishes a steady trickle and bursts on demand; everything stands in the journal first."""

    def __init__(self, client: Client, load: Load, per_second: int) -> None:
        self._client = client
        self._load, self._per_tick = load, max(1, int(per_second * TICK))
        self._lock, self._stop = RLock(), Event()
        self._thread = Thread(target=self._trickle, name="publisher", daemon=True)
        self._different: set[object] = set()
        self.journal: list[Sent] = []
        self.errors = 0

    @property
    def different(self) -> int:
        """Messages in the journal that each need an outcome of their own."""
        return len(self._different)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the trickle; all of the journal has been accepted by the broker then."""
        self._stop.set()
        self._thread.join()
        self._client.close()

    def burst(self, number: int) -> None:
        """Publish so many at once."""
        with self._lock:
            messages = self._load.take(number)
            self.journal += messages
            self._different.update(map(_named, messages))
            self._send(messages)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nothing is published meanwhile, so that what is pending can be counted."""
        with self._lock:
            yield

    def send_again_from(self, number: int) -> int:
        """Publish the journal's end once more, with the same ids."""
        with self._lock:
            again = self.journal[number:]
            self._send(again)
        return len(again)

    def _trickle(self) -> None:
        while not self._stop.wait(TICK):
            self.burst(self._per_tick)

    def _send(self, messages: list[Sent]) -> None:
        self.errors += publish_surely(self._client, [sent.body for sent in messages])


def _named(sent: Sent) -> object:
    """A good one by its id, which this load uses once, and a bad one by its bytes."""
    return sent.body if sent.is_bad else json.loads(sent.body)["id"]
