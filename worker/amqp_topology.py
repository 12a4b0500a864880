"""The exchanges and queues of RabbitMQ, each declared by the process that lives on it.

Publishers write to the exchange `credits`, and subscribers bind durable queues of their own to
`credits.events`. The arguments of a queue cannot be changed once it is there.
"""

from datetime import timedelta
from time import sleep
from typing import Any, NamedTuple

from amqp.exceptions import NotFound, PreconditionFailed

from worker.log import log

EXCHANGE = "credits"
INTAKE = "credits.in"
DEAD = "credits.dead"
EVENTS = "credits.events"
KEPT = "credits.events.kept"
WAKE = "scrip.wake"

DELIVERIES_MAX = 100
"""How often a message may cost the reader its life before the broker sets it aside."""

_UNLIMITED = 1_000_000_000
"""RabbitMQ 4 drops a message after 20 deliveries unless told otherwise."""

INTAKE_ARGUMENTS = {
    "x-queue-type": "quorum",
    # A reader that is frozen still has messages; with two consumers the next one would be given
    # those behind them. This way it waits until the broker has taken them back, in their order.
    "x-single-active-consumer": True,
    "x-delivery-limit": DELIVERIES_MAX,
    "x-dead-letter-exchange": "",
    "x-dead-letter-routing-key": DEAD,
    # Without these two a dead letter can be lost on its way.
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
}
_DEAD_ARGUMENTS = {"x-queue-type": "quorum", "x-delivery-limit": _UNLIMITED}
_DURABLE = {"durable": True, "auto_delete": False}

_EVENT_BYTES = 1_000
"""RabbitMQ caps a stream by its size; an event takes a little less than this."""

_SEGMENT_BYTES = 16_000_000
"""A stream forgets a file at a time, and never the one that it writes to."""

_TRIES, _AGAIN_SECONDS = 10, 0.5
"""For about a second after a crash of the broker its streams have no leader."""


class Keep(NamedTuple):
    """How long published events stay readable, and how many at most."""

    age: timedelta = timedelta(days=7)
    events_max: int | None = None

    def arguments(self) -> dict[str, Any]:
        """As a stream takes them."""
        limits: dict[str, Any] = {
            "x-queue-type": "stream",
            "x-max-age": f"{max(1, int(self.age.total_seconds()))}s",
            "x-stream-max-segment-size-bytes": _SEGMENT_BYTES,
        }
        if self.events_max is not None:
            limits["x-max-length-bytes"] = self.events_max * _EVENT_BYTES
        return limits


def declare_intake(channel: Any) -> None:
    """Where messages come in, and where the broker puts those that it gives up."""
    channel.exchange_declare(EXCHANGE, "topic", **_DURABLE)
    channel.queue_declare(DEAD, arguments=_DEAD_ARGUMENTS, **_DURABLE)
    channel.queue_declare(INTAKE, arguments=INTAKE_ARGUMENTS, **_DURABLE)
    channel.queue_bind(INTAKE, EXCHANGE, routing_key="#")


def declare_wake(channel: Any) -> None:
    """How whoever acknowledges calls the relay."""
    channel.exchange_declare(WAKE, "fanout", **_DURABLE)


def declare_events(channel: Any, keep: Keep) -> None:
    """Where events go out, and the stream that keeps each of them for a while.

    Through the stream there is no event that nobody takes. One that is there already with other
    limits keeps them, because they cannot be changed, and one that has lost its leader for good is
    left alone: subscribers have queues of their own. `scrip doctor` tells of both.
    """
    channel.exchange_declare(EVENTS, "topic", **_DURABLE)
    for _ in range(_TRIES):
        with channel.connection.channel() as asking:
            try:
                declare_kept(asking, keep)
            except PreconditionFailed as difference:
                log.warning("events are kept within other limits", broker=str(difference))
            except NotFound as failure:
                log.warning("the stream that keeps events has no leader", broker=str(failure))
                sleep(_AGAIN_SECONDS)
                continue
        channel.queue_bind(KEPT, EVENTS, routing_key="#")
        return


def declare_kept(channel: Any, keep: Keep) -> None:
    """Raises PreconditionFailed where the stream is there with other limits."""
    channel.queue_declare(KEPT, arguments=keep.arguments(), **_DURABLE)
