"""An upstream with an outbox: whatever it cannot know to be kept, it publishes again, in order."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, RLock, Thread

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.end_to_end.outsider import INTAKE
from tests.faults.load import Load, Sent

CHUNK = 500
TICK = 0.05


class Publisher:
    """Publishes a steady trickle and bursts on demand; everything stands in the journal first."""

    def __init__(self, url: str, load: Load, per_second: int) -> None:
        self._redis = Redis.from_url(
            url, single_connection_client=True, retry=Retry(NoBackoff(), 0), socket_timeout=5
        )
        self._load, self._per_tick = load, max(1, int(per_second * TICK))
        self._lock, self._stop = RLock(), Event()
        self._thread = Thread(target=self._trickle, name="publisher", daemon=True)
        self.journal: list[Sent] = []
        self.errors = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the trickle; all of the journal has been accepted by the broker then."""
        self._stop.set()
        self._thread.join()
        self._redis.close()

    def burst(self, number: int) -> None:
        """Publish so many at once."""
        with self._lock:
            messages = self._load.take(number)
            self.journal += messages
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
        for at in range(0, len(messages), CHUNK):
            while not self._accepted(messages[at : at + CHUNK]):
                time.sleep(TICK)

    def _accepted(self, chunk: list[Sent]) -> bool:
        try:
            with self._redis.pipeline(transaction=False) as pipe:
                for sent in chunk:
                    pipe.xadd(INTAKE, {sent.field: sent.body})
                pipe.execute()
        except RedisError:
            self.errors += 1
            return False
        return True
