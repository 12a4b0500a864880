"""A whole installation on RabbitMQ, and what the world outside sees of it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from threading import Thread
from typing import Any

import psycopg
from amqp import AMQPError

from tests.end_to_end.books import against_model, violations_in_views
from tests.end_to_end.messages import TENANT
from tests.end_to_end.model import Model
from tests.end_to_end.outsider import event_violations, wait_for
from tests.rabbitmq.clients import Client
from worker.embedded import Servers

SUBSCRIBER = "test.subscriber"
AGAIN_SECONDS = 0.2
SECONDS_MAX = 60


class Outsider:
    """A publisher, a subscriber and somebody with a database client."""

    def __init__(self, servers: Servers) -> None:
        self.servers = servers
        self.database = psycopg.connect(servers.database_url, autocommit=True)
        self.client = Client(servers.broker_url)
        self.client.channel.exchange_declare(
            "credits.events", "topic", durable=True, auto_delete=False
        )
        self.client.subscribe(SUBSCRIBER)

    def close(self) -> None:
        """Leave nothing behind."""
        self.client.channel.queue_delete(SUBSCRIBER)
        self.client.close()
        self.database.close()

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        return self.database.execute(sql.encode()).fetchall()

    def count(self, table: str) -> int:
        """Rows of a table."""
        return int(self.ask(f"SELECT count(*) FROM {table}")[0][0])

    def wait_for_reader(self) -> None:
        """Returns when the queue is there and somebody reads it."""
        sql = "SELECT 1 FROM leases WHERE name = 'reader/0' AND expires_at > clock_timestamp()"
        wait_for("a reader", lambda: self.ask(sql))
        wait_for("its consumer", self._is_consumed)

    def _is_consumed(self) -> bool:
        with suppress(AMQPError), self.client.connection.channel() as channel:
            return bool(channel.queue_declare("credits.in", passive=True).consumer_count)
        return False

    def publishing(self, load: Iterable[bytes]) -> Thread:
        """Publish one after the other in a thread, each until the broker confirms it."""
        publisher = Client(self.servers.broker_url)

        def publish_all() -> None:
            for message in load:
                while not self._accepted(publisher, message):
                    time.sleep(AGAIN_SECONDS)
            publisher.close()

        thread = Thread(target=publish_all, daemon=True)
        thread.start()
        return thread

    def _accepted(self, publisher: Client, message: bytes) -> bool:
        try:
            publisher.publish(message)
        except (AMQPError, OSError):
            with suppress(AMQPError, OSError):
                publisher.connect()
            return False
        return True

    def wait_for_receipts(self, number: int) -> None:
        """Returns when so many messages are decided."""
        wait_for("the receipts", lambda: self.count("receipts") >= number, SECONDS_MAX)

    def wait_until_quiet(self, number: int) -> None:
        """Returns when so many messages are decided and every event is out."""
        self.wait_for_receipts(number)
        wait_for("an empty outbox", lambda: not self.count("outbox"), SECONDS_MAX)

    def violations(self, load: list[bytes]) -> list[str]:
        """What is wrong with the books and with the events as they arrived."""
        model = Model().take_all(load)
        accounts = self.ask("SELECT tenant, customer, event_seq FROM accounts")
        wrong = [
            *against_model(self.database, TENANT, model),
            *violations_in_views(self.database),
            *event_violations(
                self.client.events(SUBSCRIBER), {row[:2]: row[2] for row in accounts}
            ),
        ]
        if self.count("receipts") != len(model.keys):
            wrong.append(f"{self.count('receipts')} receipts of {len(model.keys)} messages")
        if left := self.client.waiting("credits.in"):
            wrong.append(f"{left} messages left")
        return wrong
