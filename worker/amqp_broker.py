"""RabbitMQ behind the broker's port: a quorum queue, a topic exchange and a wake-up call.

The broker hands messages over before they are asked for and keeps each until it is acknowledged.
Those handed over are held here in their order, so reading takes nothing away; they belong to their
channel, and when it ends the broker takes them back and begins again with the oldest.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from itertools import repeat, starmap, takewhile
from operator import attrgetter
from time import monotonic
from typing import Any
from uuid import uuid4

from amqp import AMQPError
from amqp.exceptions import AccessRefused

from worker.amqp_connection import connect
from worker.amqp_frames import SIGNATURE, Raw, drain
from worker.amqp_publishing import Outgoing, Publishing, properties, send, type_of
from worker.amqp_topology import (
    DEAD,
    EVENTS,
    EXCHANGE,
    INTAKE,
    WAKE,
    Keep,
    declare_events,
    declare_intake,
    declare_wake,
)
from worker.ports import BrokerError, Delivery

_PREFETCH = 8_000
"""Messages handed over ahead of acknowledgement: what is under way, and more. Not a setting: a
reader that took fewer than its predecessor held would leave the rest to come out of order."""

_HEARTBEAT = 5
"""Seconds; the broker takes back what a frozen reader holds after one or two of them."""

_DRAIN_MAX = 1.0
"""Seconds of one wait, so that our heartbeats go out in time."""

Declare = Callable[[Any], None]

_KIND = {"content_type": "application/cloudevents+json", "delivery_mode": 2}  # persistent
_EVENT = properties(**_KIND)
_WAKE_UP = Outgoing("", b"", properties())
_ID = attrgetter("id")


class AmqpBroker:
    """Implements `worker.ports.Broker`. Not for two threads at once."""

    settle_seconds = 0.0
    """A quorum queue confirms what it has synced; a stream, or a classic queue, may not have."""

    def __init__(self, url: str, keep: Keep = Keep()) -> None:  # noqa: B008 - it cannot change
        """`keep` bounds the stream of events, so that it never fills the broker."""
        self._url = url
        self._declare_events = partial(declare_events, keep=keep)
        self._declared = set[Declare]()
        self._connection: Any = None
        self._generation = 0
        self._intake: Any = None
        self._held: list[Delivery] = []
        self._publishing: Publishing | None = None
        self._listens = self._woken = False

    def read(self, after: str | None, count: int, wait: float) -> list[Delivery]:
        """Up to `count` of the messages held behind `after`, and of those that come meanwhile."""
        with self._answered():
            self._consume()
            self._take_in(0.0)
            ends_at = monotonic() + wait
            while not (found := self._behind(after, count)) and monotonic() < ends_at:
                self._take_in(ends_at - monotonic())
        return found

    def acknowledge(self, ids: Sequence[str]) -> None:
        """One frame for the oldest messages held, which is what a batch is; and wake the relay.

        What is not held any more is the broker's again, and comes again.
        """
        gone = set(ids)
        oldest = takewhile(lambda delivery: delivery.id in gone, self._held)
        done = len(list(oldest))
        later = [delivery for delivery in self._held[done:] if delivery.id in gone]
        with self._answered():
            if done:
                self._intake.basic_ack(_tag(self._held[done - 1]), multiple=True)
            for delivery in later:
                self._intake.basic_ack(_tag(delivery))
            if done or later:
                send(self._intake, WAKE, [_WAKE_UP], mandatory=False)
        self._held = [delivery for delivery in self._held if delivery.id not in gone]

    def give_back(self) -> None:
        """Hang up: the channel's end returns everything in its order, to be read by another."""
        if self._intake is not None:
            self.close()

    def submit(
        self, bodies: Sequence[bytes], signatures: Sequence[str | None] | None = None
    ) -> list[str]:
        """Publish to the intake; returns the messages' `message_id`."""
        names = [uuid4().hex for _ in bodies]
        each = zip(names, bodies, signatures or repeat(None), strict=False)
        self._publish(declare_intake, EXCHANGE, list(starmap(_outgoing, each)))
        return names

    def backlog(self) -> int:
        """What waits on the queues and what is held here, but not what another reader holds."""
        with self._answered(), self._ready(declare_intake).channel() as channel:
            queues = [channel.queue_declare(name, passive=True) for name in (INTAKE, DEAD)]
        return sum(int(queue.message_count) for queue in queues) + len(self._held)

    def publish(self, events: Sequence[str]) -> None:
        """Publish with the type as routing key; every event is on some queue when this returns."""
        messages = [Outgoing(type_of(event), event.encode(), _EVENT) for event in events]
        self._publish(self._declare_events, EVENTS, messages)

    def durable(self, wait: float) -> bool:  # noqa: ARG002 - nothing to wait for
        """A confirmed message is on every durable queue, and on the disks of quorum queues."""
        return True

    def wait_for_work(self, wait: float) -> None:
        """Wait for the word of whoever acknowledges."""
        with self._answered():
            self._listen()
            ends_at = monotonic() + wait
            while not self._woken and monotonic() < ends_at:
                self._take_in(ends_at - monotonic())
            self._woken = False

    def trim(self, keep: timedelta) -> None:
        """The stream of events does so by itself, as it was told when it was declared."""

    def close(self) -> None:
        """Hang up in order."""
        if self._connection is not None:
            with suppress(AMQPError, OSError):
                self._connection.close()
            self._drop()

    def _publish(self, declare: Declare, exchange: str, messages: Sequence[Outgoing]) -> None:
        with self._answered():
            connection = self._ready(declare)
            if self._publishing is None:
                self._publishing = Publishing(connection)
            self._publishing.publish(exchange, messages)

    def _consume(self) -> None:
        if self._intake is None:
            self._intake = self._ready(declare_intake, declare_wake).channel()
            self._intake.basic_qos(0, _PREFETCH, False)
            for queue in (INTAKE, DEAD):
                self._intake.basic_consume(queue, consumer_tag=queue)

    def _listen(self) -> None:
        if not self._listens:
            channel = self._ready(declare_wake).channel()
            queue = channel.queue_declare(exclusive=True, arguments={"x-max-length": 1}).queue
            channel.queue_bind(queue, WAKE)
            channel.basic_consume(queue, consumer_tag=WAKE, no_ack=True)
            self._listens = True

    def _deliver(self, raw: Raw) -> None:
        if raw.consumer == WAKE.encode():
            self._woken = True
            return
        given_up = None
        if raw.consumer == DEAD.encode():
            why = raw.headers().get("x-first-death-reason", "no reason given")
            given_up = f"dead letter: the broker gave this message up ({why})"
        # Zero-padded, so that ids compare as text in the order of arrival.
        id_ = f"{self._generation:06d}-{raw.tag:012d}"
        self._held.append(Delivery(id_, raw.body, given_up, raw.signature()))

    def _behind(self, after: str | None, count: int) -> list[Delivery]:
        start = 0 if after is None else bisect_right(self._held, after, key=_ID)
        return self._held[start : start + count]

    def _take_in(self, wait: float) -> None:
        """All that has come; waits for the first."""
        wait = min(wait, _DRAIN_MAX)
        while drain(self._connection, wait):
            wait = 0.0
        self._connection.heartbeat_tick()

    def _ready(self, *needed: Declare) -> Any:
        """The connection, with what is needed there; others declare it for who may not."""
        connection = self._connected()
        for declare in needed:
            if declare not in self._declared:
                with connection.channel() as channel, suppress(AccessRefused):
                    declare(channel)
                self._declared.add(declare)
        return connection

    def _connected(self) -> Any:
        if self._connection is None:
            self._generation += 1
            self._connection = connect(self._url, self._deliver, _HEARTBEAT)
        return self._connection

    def _drop(self) -> None:
        """Forget everything that belonged to the connection."""
        if self._connection is not None:
            self._connection.collect()
        self._connection = self._intake = self._publishing = None
        self._listens = self._woken = False
        self._held.clear()
        self._declared.clear()

    @contextmanager
    def _answered(self) -> Iterator[None]:
        """Any doubt ends the connection: what was sent on it may or may not have been done."""
        try:
            yield
        except (AMQPError, OSError) as error:
            self._drop()
            raise BrokerError(f"no answer from the broker: {error}") from error
        except BaseException:
            self._drop()
            raise


def _outgoing(name: str, body: bytes, signature: str | None) -> Outgoing:
    signed = {} if signature is None else {"application_headers": {SIGNATURE: signature}}
    return Outgoing(type_of(body), body, properties(**_KIND, message_id=name, **signed))


def _tag(delivery: Delivery) -> int:
    return int(delivery.id.rpartition("-")[2])
