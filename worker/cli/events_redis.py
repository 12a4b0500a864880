"""The published events on Redis or Valkey: the stream that subscribers read too."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis import Redis, RedisError

from worker.cli import events_chunk
from worker.cli.events_chunk import Chunk
from worker.ports import BrokerError
from worker.redis_broker import EVENTS, FIELD

_BLOCK_MS = 1_000


class RedisEvents:
    """Implements `worker.cli.events_stream.EventStream`."""

    def __init__(self, url: str) -> None:
        # Blocking reads end well before the socket's patience does.
        self._client = Redis.from_url(url, socket_connect_timeout=5, socket_timeout=10, protocol=2)
        self._last = "0-0"

    def length(self) -> int:
        """How many entries the stream holds."""
        with _answered():
            return int(self._client.xlen(EVENTS))

    def kept(self) -> Iterator[Chunk]:
        """From the oldest entry to the one that is the newest now."""
        with _answered():
            newest: Any = self._client.xrevrange(EVENTS, count=1)
        if not newest:
            return
        read, end = 0, newest[0][0]
        while True:
            with _answered():
                rows: Any = self._client.xrange(EVENTS, f"({self._last}", end, events_chunk.CHUNK)
            if not rows:
                return
            read += len(rows)
            yield Chunk(self._taken(rows), read)

    def coming(self) -> Iterator[Chunk]:
        """What is behind the last entry that was read, and waits for more; never ends."""
        read = 0
        while True:
            with _answered():
                reply: Any = self._client.xread({EVENTS: self._last}, events_chunk.CHUNK, _BLOCK_MS)
            rows = reply[0][1] if reply else []
            read += len(rows)
            yield Chunk(self._taken(rows), read)

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _taken(self, rows: list[Any]) -> list[bytes]:
        if rows:
            self._last = rows[-1][0].decode()
        return [fields.get(FIELD, b"") for _, fields in rows]


@contextmanager
def _answered() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise BrokerError(f"no answer from the broker: {error}") from error
