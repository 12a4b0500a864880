"""What only the tests of RabbitMQ do with it: bind queues of their own, look into them, refuse."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from kombu import Connection

from tests.brokers.on_rabbitmq import DEAD, EVENTS, EXCHANGE, INTAKE, WAKE, RabbitClient

KEPT = "credits.events.kept"
QUEUES = (INTAKE, DEAD, KEPT)
EXCHANGES = (EXCHANGE, EVENTS, WAKE)


class Client(RabbitClient):
    """A publisher and subscriber."""

    def subscribe(self, queue: str, exchange: str = EVENTS, key: str = "#") -> None:
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
