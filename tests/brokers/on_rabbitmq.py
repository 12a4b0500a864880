"""The world outside on RabbitMQ: plain AMQP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from amqp import AMQPError, Message, NotFound
from kombu import Connection

from tests.brokers.client import Odd

EXCHANGE, EVENTS, WAKE = "credits", "credits.events", "scrip.wake"
INTAKE, DEAD = "credits.in", "credits.dead"
SUBSCRIBER = "outside.subscriber"
SUBSCRIBER_ARGUMENTS = {
    "x-queue-type": "quorum",
    # After a crash the broker still counts what the lost consumer held as delivered for a moment;
    # without this the next consumer would be given what lies behind it first.
    "x-single-active-consumer": True,
}
PREFETCH = 2_000
CONFIRM_SECONDS = 10
UNREADABLE = {"content_type": b"\xff\xfe", "application_headers": {b"\xff": b"\xff"}}


class RabbitClient:
    """Implements `tests.brokers.client.Client`."""

    errors: tuple[type[Exception], ...] = (AMQPError, OSError)

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection: Any = None
        self._channel: Any = None
        self._unconfirmed: set[int] = set()
        self._sent = 0
        self._arrived: list[Any] = []
        self._listens = self._woken = self._consumes = False

    @property
    def connection(self) -> Any:
        """The connection, made on first use and again after an error."""
        if self._connection is None:
            self._connection = Connection(self.url).transport.establish_connection()
            self._channel = self._connection.channel()
            self._channel.events["basic_ack"].add(self._confirm)
            self._channel.events["basic_nack"].add(_refuse)
            self._channel.confirm_select()
        return self._connection

    @property
    def channel(self) -> Any:
        """Its one channel, on which everything published is confirmed."""
        return self.connection and self._channel

    def publish(self, *bodies: bytes, key: str = "some.type", **properties: Any) -> None:
        """All on their way at once; returns when each is confirmed."""
        with self._answered() as channel:
            for body in bodies:
                odd = UNREADABLE if isinstance(body, Odd) else {}
                message = Message(bytes(body), delivery_mode=2, **properties, **odd)
                self._sent += 1
                self._unconfirmed.add(self._sent)
                channel.basic_publish(message, EXCHANGE, key, mandatory=True)
            while self._unconfirmed:
                self.connection.drain_events(timeout=CONFIRM_SECONDS)

    def as_quarantined(self, body: bytes) -> bytes:
        """The body, whatever its publisher says about it."""
        return bytes(body)

    def is_read(self) -> bool:
        """The queue is there, and somebody consumes it."""
        try:
            with self._answered() as channel:
                return bool(channel.queue_declare(INTAKE, passive=True).consumer_count)
        except NotFound:
            return False

    def backlog(self) -> int:
        """Ready on the intake or as dead letters."""
        return self.waiting(INTAKE) + self.waiting(DEAD)

    def waiting(self, queue: str) -> int:
        """How many messages are ready on a queue."""
        with self._answered() as channel:
            return int(channel.queue_declare(queue, passive=True).message_count)

    def acknowledged(self, wait: float) -> bool:
        """Whoever acknowledges says so on an exchange that all may listen to."""
        with self._answered() as channel:
            if not self._listens:
                queue = channel.queue_declare(exclusive=True).queue
                channel.queue_bind(queue, WAKE)
                channel.basic_consume(queue, no_ack=True, callback=self._wake)
                self._listens = True
            elif not self._woken:
                self._take_in(wait)
            woken, self._woken = self._woken, False
        return woken

    def follow(self) -> None:
        """A queue that outlives the connection and the broker."""
        with self._answered() as channel:
            durable = {"durable": True, "auto_delete": False}
            channel.exchange_declare(EVENTS, "topic", **durable)
            channel.queue_declare(SUBSCRIBER, arguments=SUBSCRIBER_ARGUMENTS, **durable)
            channel.queue_bind(SUBSCRIBER, EVENTS, "#")

    def next_events(self, wait: float) -> list[bytes]:
        """Acknowledged with the next call, when they have been taken down."""
        with self._answered() as channel:
            if not self._consumes:
                channel.basic_qos(0, PREFETCH, False)
                channel.basic_consume(SUBSCRIBER, callback=self._arrived.append)
                self._consumes = True
            if self._arrived:
                channel.basic_ack(self._arrived[-1].delivery_tag, multiple=True)
                self._arrived.clear()
            self._take_in(wait)
            if not self._arrived and self.waiting(SUBSCRIBER):
                self._take_in(CONFIRM_SECONDS)
        return [message.body for message in self._arrived]

    def tasks_left(self, queue: str) -> int:
        """Those in work, eight at most, are not counted."""
        return self.waiting(queue)

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            with suppress(*self.errors):
                self._connection.close()
            self._drop()

    def _take_in(self, wait: float) -> None:
        """All that has come; waits for the first."""
        ends_at = time.monotonic() + wait
        with suppress(TimeoutError):
            self.connection.drain_events(timeout=max(0.001, wait))
            while len(self._arrived) < PREFETCH and time.monotonic() < ends_at:
                self.connection.drain_events(timeout=0)

    def _wake(self, _: Any) -> None:
        self._woken = True

    def _confirm(self, tag: int, multiple: bool) -> None:
        if multiple:
            self._unconfirmed = {later for later in self._unconfirmed if later > tag}
        else:
            self._unconfirmed.discard(tag)

    @contextmanager
    def _answered(self) -> Iterator[Any]:
        """Any doubt ends the connection: what was sent on it may or may not have been done."""
        try:
            yield self.channel
        except self.errors:
            self._drop()
            raise

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.collect()
        self._connection = self._channel = None
        self._unconfirmed.clear()
        self._arrived.clear()
        self._sent = 0
        self._listens = self._woken = self._consumes = False


def _refuse(tag: int, _: bool) -> None:
    raise OSError(f"the broker refused message {tag} of this connection")
