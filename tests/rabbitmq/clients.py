"""What the world outside does with RabbitMQ: plain AMQP, without any code of scrip."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from amqp import Message
from kombu import Connection

QUEUES = ("credits.in", "credits.dead")
EXCHANGES = ("credits", "credits.events", "scrip.wake")


class Client:
    """A publisher and subscriber."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.connection: Any = None
        self.connect()

    def connect(self) -> None:
        """Connect, or connect again after the broker was away."""
        if self.connection is not None:
            self.connection.collect()
        client = Connection(self.url, transport_options={"confirm_publish": True})
        self.connection = client.transport.establish_connection()
        self.channel: Any = self.connection.channel()

    def publish(self, *bodies: bytes, key: str = "some.type", **properties: Any) -> None:
        """Each confirmed."""
        for body in bodies:
            message = Message(body, delivery_mode=2, **properties)
            self.channel.basic_publish(message, "credits", key, mandatory=True)

    def subscribe(self, queue: str, exchange: str = "credits.events", key: str = "#") -> None:
        """Bind a durable queue."""
        self.channel.queue_declare(queue, durable=True, auto_delete=False)
        self.channel.queue_bind(queue, exchange, key)

    def take(self, queue: str) -> list[Any]:
        """All that is waiting on a queue."""
        taken = []
        while (message := self.channel.basic_get(queue)) is not None:
            taken.append(message)
        if taken:
            self.channel.basic_ack(taken[-1].delivery_tag, multiple=True)
        return taken

    def events(self, queue: str) -> list[dict[str, Any]]:
        """Everything that a subscriber's queue has got."""
        return [json.loads(message.body) for message in self.take(queue)]

    def reject(self, queue: str, *, requeue: bool) -> bytes:
        """Consume one message and refuse it; returns its body."""
        came: list[Any] = []
        with self.connection.channel() as channel:
            channel.basic_qos(0, 1, False)
            channel.basic_consume(queue, callback=came.append)
            while not came:
                self.connection.drain_events(timeout=10)
            channel.basic_cancel(came[0].delivery_info["consumer_tag"])
            channel.basic_reject(came[0].delivery_tag, requeue=requeue)
        return bytes(came[0].body)

    def waiting(self, queue: str) -> int:
        """How many messages are ready on a queue."""
        return int(self.channel.queue_declare(queue, passive=True).message_count)

    def close(self) -> None:
        self.connection.close()


def emptied(url: str, others: Iterable[str] = ()) -> str:
    """The same broker without anything of scrip's."""
    with Connection(url) as client:
        connection: Any = client.transport.establish_connection()
        channel = connection.channel()
        for queue in (*QUEUES, "scrip.tasks", *others):
            channel.queue_delete(queue)
        for exchange in EXCHANGES:
            channel.exchange_delete(exchange)
        connection.close()
    return url
