"""A subscriber with a cursor of its own, which outlives every connection."""

from __future__ import annotations

import json
from threading import Event, Thread
from typing import Any

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.end_to_end.outsider import EVENTS

COUNT = 2_000
BLOCK_MS = 200
KEPT = ("tenant", "customer", "event_seq", "digest")


class Subscriber:
    """Reads the event stream from its start, in a thread."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=5, protocol=2)
        self._stop = Event()
        self._cursor = "0-0"
        self._thread = Thread(target=self._read, name="subscriber", daemon=True)
        self.events: list[dict[str, Any]] = []
        self.repeats = 0
        self._ids: set[str] = set()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when the stream has been read to its end."""
        self._stop.set()
        self._thread.join()
        self._redis.close()

    def _read(self) -> None:
        more = True
        while more or not self._stop.is_set():
            try:
                reply: Any = self._redis.xread({EVENTS: self._cursor}, COUNT, BLOCK_MS)
            except RedisError:
                self._stop.wait(0.1)
                continue
            more = bool(reply)
            for entry, fields in reply[0][1] if reply else ():
                self._cursor = entry.decode()
                self._keep(json.loads(fields[b"event"]))

    def _keep(self, event: dict[str, Any]) -> None:
        data = {name: event["data"][name] for name in KEPT if name in event["data"]}
        self.events.append({"id": event["id"], "type": event["type"], "data": data})
        self.repeats += event["id"] in self._ids
        self._ids.add(event["id"])
