"""The world outside on Redis or Valkey: plain commands on two streams."""

from __future__ import annotations

from typing import Any

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.brokers.client import Odd
from tests.end_to_end.outsider import EVENTS, INTAKE

WAKE = "scrip.wake"
COUNT = 2_000
ODD_FIELD = "evnt"


class RedisClient:
    """Implements `tests.brokers.client.Client`."""

    errors: tuple[type[Exception], ...] = (RedisError, OSError)

    def __init__(self, url: str) -> None:
        # A retried XADD would be a second message, and every error is to be counted.
        self._redis = Redis.from_url(
            url,
            single_connection_client=True,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=5,
            protocol=2,
        )
        self._seen = "0-0"
        self._woken: str | None = None

    def publish(self, *bodies: bytes) -> None:
        """One XADD each, in one round trip."""
        with self._redis.pipeline(transaction=False) as pipe:
            for body in bodies:
                pipe.xadd(INTAKE, {ODD_FIELD if isinstance(body, Odd) else "event": body})
            pipe.execute()

    def as_quarantined(self, body: bytes) -> bytes:
        """An entry without the field `event` is kept whole."""
        return ODD_FIELD.encode() + b"=" + body if isinstance(body, Odd) else body

    def is_read(self) -> bool:
        """A stream is there with its first message, and knows no readers."""
        return True

    def backlog(self) -> int:
        """All that nobody has acknowledged."""
        length: int = self._redis.xlen(INTAKE)
        return length

    def acknowledged(self, wait: float) -> bool:
        """Whoever acknowledges leaves a word on a stream of one entry."""
        if self._woken is None:
            newest: Any = self._redis.xrevrange(WAKE, count=1)
            self._woken = newest[0][0].decode() if newest else "0-0"
            return False
        reply: Any = self._redis.xread({WAKE: self._woken}, block=max(1, int(1_000 * wait)))
        if reply:
            self._woken = reply[0][1][-1][0].decode()
        return bool(reply)

    def follow(self) -> None:
        """The stream keeps its events by itself."""

    def next_events(self, wait: float) -> list[bytes]:
        """With a cursor that outlives the connection."""
        reply: Any = self._redis.xread({EVENTS: self._seen}, COUNT, max(1, int(1_000 * wait)))
        entries = reply[0][1] if reply else []
        if entries:
            self._seen = entries[-1][0].decode()
        return [fields[b"event"] for _, fields in entries]

    def tasks_left(self, queue: str) -> int:
        """Those in work too."""
        waiting: Any = self._redis.llen(queue)
        in_work: Any = self._redis.hlen("unacked")
        return int(waiting + in_work)

    def close(self) -> None:
        """Hang up."""
        self._woken = None
        self._redis.close()
