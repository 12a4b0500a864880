"""How long one message takes at a quiet pace: from XADD to its commit, and to its event."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any

from redis import Redis

from tests.end_to_end.outsider import EVENTS, INTAKE, Outsider
from worker.embedded import Servers
from worker.redis_broker import WAKE

BLOCK_MS = 200


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles in milliseconds."""

    p50_ms: float
    p99_ms: float

    @classmethod
    def of(cls, seconds: list[float]) -> Latency:
        ordered = sorted(seconds)
        return cls(*(round(1_000 * ordered[int(len(ordered) * part)], 2) for part in (0.5, 0.99)))


class Watcher:
    """Follows a stream in a thread with a connection of its own."""

    def __init__(self, servers: Servers, stream: str, see: Callable[[Any, float, Any], None]):
        self._redis = Redis.from_url(servers.broker_url, protocol=2)
        self._stream, self._see, self._stop = stream, see, Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()
        time.sleep(0.1)

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._redis.close()

    def _watch(self) -> None:
        cursor = b"$"
        while not self._stop.is_set():
            reply: Any = self._redis.xread({self._stream: cursor}, block=BLOCK_MS)
            now = time.perf_counter()
            for entry, fields in reply[0][1] if reply else ():
                cursor = entry
                self._see(fields, now, self._redis)


def latencies(client: Outsider, messages: list[bytes], per_second: int) -> tuple[Latency, Latency]:
    """To the commit and to the event, of messages published at an even pace."""
    published: dict[str, float] = {}
    entries: dict[str, bytes] = {}
    seen: dict[str, float] = {}
    committed: dict[str, float] = {}

    def see_event(fields: Any, now: float, _: Any) -> None:
        data = json.loads(fields[b"event"])["data"]
        seen.setdefault(data["cause"]["id"] if "cause" in data else data.get("id"), now)

    def see_commit(_: Any, now: float, redis: Any) -> None:
        waiting = {entry for entry, _ in redis.xrange(INTAKE)}
        for name, entry in list(entries.items()):
            if entry not in waiting:
                committed.setdefault(name, now)
                del entries[name]

    with Watcher(client.servers, EVENTS, see_event), Watcher(client.servers, WAKE, see_commit):
        began = time.perf_counter()
        for number, message in enumerate(messages):
            time.sleep(max(0.0, began + number / per_second - time.perf_counter()))
            name = json.loads(message)["id"]
            if name not in published:
                published[name] = time.perf_counter()
                entry: Any = client.redis.xadd(INTAKE, {"event": message})
                entries[name] = entry
        client.wait_until_quiet()
        time.sleep(0.5)
    return _between(published, committed), _between(published, seen)


def _between(published: dict[str, float], seen: dict[str, float]) -> Latency:
    return Latency.of([seen[name] - at for name, at in published.items() if name in seen])
