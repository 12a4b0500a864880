"""The event stream as it lies in the broker, read from its beginning or as it grows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from redis import Redis, RedisError

from worker import wiring
from worker.ports import BrokerError
from worker.redis_broker import EVENTS, FIELD
from worker.settings import Settings, SettingsError

CHUNK = 500
"""Events read at a time; this many are in memory at once."""

_BLOCK_MS = 1_000


class Chunk(NamedTuple):
    """Events in their order on the stream, and how many entries were read so far."""

    events: list[bytes]
    read: int


class EventStream:
    """A reader of its own place; it takes nothing away from anyone."""

    def __init__(self, client: Redis) -> None:
        self._client = client
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
                rows: Any = self._client.xrange(EVENTS, f"({self._last}", end, CHUNK)
            if not rows:
                return
            read += len(rows)
            yield Chunk(self._taken(rows), read)

    def coming(self) -> Iterator[Chunk]:
        """What is behind the last entry that was read, and waits for more; never ends."""
        read = 0
        while True:
            with _answered():
                reply: Any = self._client.xread({EVENTS: self._last}, CHUNK, _BLOCK_MS)
            rows = reply[0][1] if reply else []
            read += len(rows)
            yield Chunk(self._taken(rows), read)

    def _taken(self, rows: list[Any]) -> list[bytes]:
        if rows:
            self._last = rows[-1][0].decode()
        return [fields.get(FIELD, b"") for _, fields in rows]


@contextmanager
def event_stream(settings: Settings) -> Iterator[EventStream]:
    """The stream that BROKER_URL names; raises SettingsError for a broker that keeps no events."""
    url = wiring.broker_url(settings)
    if wiring.is_amqp(url):
        raise SettingsError(
            "RabbitMQ hands events to the queues that are bound to credits.events and keeps none "
            "itself: read your queue, or `scrip ledger`, which has every change"
        )
    # Blocking reads end well before the socket's patience does.
    client = Redis.from_url(url, socket_connect_timeout=5, socket_timeout=10, protocol=2)
    with client:
        yield EventStream(client)


@contextmanager
def _answered() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise BrokerError(f"no answer from the broker: {error}") from error
