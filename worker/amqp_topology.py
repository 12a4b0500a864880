"""The exchanges and queues of RabbitMQ, declared by whoever connects first.

Publishers write to the exchange `credits`, and subscribers bind durable queues of their own to
`credits.events`. The arguments of a queue cannot be changed once it is there.
"""

from typing import Any

EXCHANGE = "credits"
INTAKE = "credits.in"
DEAD = "credits.dead"
EVENTS = "credits.events"
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


def declare(channel: Any) -> None:
    """Make everything that is not there yet."""
    durable = {"durable": True, "auto_delete": False}
    channel.exchange_declare(EXCHANGE, "topic", **durable)
    channel.exchange_declare(EVENTS, "topic", **durable)
    channel.exchange_declare(WAKE, "fanout", **durable)
    channel.queue_declare(DEAD, arguments=_DEAD_ARGUMENTS, **durable)
    channel.queue_declare(INTAKE, arguments=INTAKE_ARGUMENTS, **durable)
    channel.queue_bind(INTAKE, EXCHANGE, routing_key="#")
