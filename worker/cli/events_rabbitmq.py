"""The published events on RabbitMQ: a stream beside the queues of subscribers keeps them."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from amqp import AMQPError
from amqp.exceptions import NotFound

from worker.amqp_connection import SOCKET_TIMEOUT, connect
from worker.amqp_frames import Raw, drain
from worker.amqp_topology import KEPT
from worker.cli import events_chunk
from worker.cli.events_chunk import Chunk
from worker.ports import BrokerError

_PREFETCH = 2_000
"""Events handed over ahead of those that are read."""

_OFFSET_HEADER = b"\x0fx-stream-offsetl"
"""The header's name as AMQP encodes it, with its length in front and its type behind."""

_EMPTY_SECONDS = 1.0
"""How long nothing may come until a stream counts as empty; the broker counts a little late."""

_QUIET_SECONDS = 0.2
"""The broker hands over what it has at once, so after this it has no more."""

_BUSY_SECONDS = 1.0
"""After this it has more than it had in the beginning."""


class RabbitMQEvents:
    """Implements `worker.cli.events_stream.EventStream`."""

    def __init__(self, url: str) -> None:
        self._arrived: list[Raw] = []
        self._reading: Any = None
        with _answered():
            self._connection = connect(url, self._arrived.append)

    def length(self) -> int:
        """About how many there are: the broker counts every few seconds."""
        with _answered():
            try:
                with self._connection.channel() as channel:
                    return int(channel.queue_declare(KEPT, passive=True).message_count)
            except NotFound:
                return 0

    def kept(self) -> Iterator[Chunk]:
        """From the oldest event to the one that is the newest now; none without a stream."""
        with _answered():
            try:
                newest = self._newest()
            except NotFound:
                return
        read, offset = 0, -1
        while offset < newest:
            with _answered():
                if not self._take_in(SOCKET_TIMEOUT):
                    raise TimeoutError(f"no event for {SOCKET_TIMEOUT} s, and there are more")
                chunk = self._taken()
            read, offset = read + len(chunk), _offset(chunk[-1])
            yield Chunk([raw.body for raw in chunk], read)

    def coming(self) -> Iterator[Chunk]:
        """What is behind the last event that was read, and waits for more; never ends."""
        read = 0
        while True:
            with _answered():
                self._take_in(1.0)
                chunk = self._taken()
            read += len(chunk)
            yield Chunk([raw.body for raw in chunk], read)

    def close(self) -> None:
        """Hang up."""
        self._connection.collect()

    def _newest(self) -> int:
        """The offset of the newest event, -1 where there is none.

        A reader from the end on is given the events that were written together with the last one.
        """
        patience = SOCKET_TIMEOUT if self.length() else _EMPTY_SECONDS
        with self._connection.channel() as channel:
            channel.basic_qos(0, _PREFETCH, False)
            _consume(channel, "last")
            while not self._arrived and drain(self._connection, patience):
                pass  # an answer to something else
            ends_at = monotonic() + _BUSY_SECONDS
            while monotonic() < ends_at and drain(self._connection, _QUIET_SECONDS):
                pass  # there may be more
            newest = _offset(self._arrived[-1]) if self._arrived else -1
        self._arrived.clear()
        return newest

    def _take_in(self, wait: float) -> bool:
        """Wait until events are here, those of the last time or new ones."""
        if self._reading is None:
            self._reading = self._connection.channel()
            self._reading.basic_qos(0, _PREFETCH, False)
            _consume(self._reading, "first")
        ends_at = monotonic() + wait
        while not self._arrived and (left := ends_at - monotonic()) > 0:
            drain(self._connection, left)
        return bool(self._arrived)

    def _taken(self) -> list[Raw]:
        """Some of what has arrived; acknowledging asks for more and takes nothing away."""
        chunk = self._arrived[: events_chunk.CHUNK]
        del self._arrived[: events_chunk.CHUNK]
        if chunk:
            self._reading.basic_ack(chunk[-1].tag, multiple=True)
        return chunk


def _consume(channel: Any, offset: str) -> None:
    channel.basic_consume(KEPT, arguments={"x-stream-offset": offset})


def _offset(raw: Raw) -> int:
    """Where it lies; other properties may not be readable at all."""
    at = raw.properties.index(_OFFSET_HEADER) + len(_OFFSET_HEADER)
    return int.from_bytes(raw.properties[at : at + 8])


@contextmanager
def _answered() -> Iterator[None]:
    try:
        yield
    except NotFound as error:
        words = f"{KEPT} is not there: start `scrip relay`, which makes it"
        raise BrokerError(words) from error
    except (AMQPError, OSError) as error:
        raise BrokerError(f"no answer from the broker: {error}") from error
