"""A whole installation on RabbitMQ, and what the world outside sees of it."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Thread
from types import TracebackType

from tests.brokers.client import publish_surely
from tests.brokers.on_rabbitmq import EVENTS, RabbitClient
from tests.end_to_end.books import against_model, violations_in_views
from tests.end_to_end.messages import TENANT
from tests.end_to_end.model import Model
from tests.end_to_end.outsider import Observer, event_violations, wait_for
from tests.rabbitmq.clients import Client
from worker.embedded import Servers

QUEUE = "test.subscriber"
SECONDS_MAX = 60


class Outsider(Observer):
    """A publisher, a subscriber and somebody with a database client."""

    def __init__(self, servers: Servers) -> None:
        super().__init__(servers)
        self.client = Client(servers.broker_url)
        self.client.channel.exchange_declare(EVENTS, "topic", durable=True, auto_delete=False)
        self.client.subscribe(QUEUE)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave nothing behind."""
        self.client.channel.queue_delete(QUEUE)
        self.client.close()
        super().__exit__(kind, error, traceback)

    def wait_for_reader(self) -> str:
        """Returns when the queue is there too, and read."""
        holder = super().wait_for_reader()
        wait_for("its consumer", self.client.is_read)
        return holder

    def publishing(self, load: Sequence[bytes]) -> Thread:
        """Publish a few at a time in a thread, each until the broker confirms it."""
        publisher = RabbitClient(self.servers.broker_url)

        def publish_all() -> None:
            for at in range(0, len(load), 10):
                publish_surely(publisher, load[at : at + 10])
            publisher.close()

        thread = Thread(target=publish_all, daemon=True)
        thread.start()
        return thread

    def wait_for_receipts(self, number: int) -> None:
        """Returns when so many messages are decided."""
        wait_for("the receipts", lambda: self.count("receipts") >= number, SECONDS_MAX)

    def wait_until_quiet(self, number: int) -> None:
        """Returns when so many messages are decided and none is left, and every event is out."""
        self.wait_for_receipts(number)
        # A worker that is killed has deciders that go on for a moment: what they did comes again.
        wait_for("an empty intake", lambda: not self.client.backlog(), SECONDS_MAX)
        wait_for("an empty outbox", lambda: not self.count("outbox"), SECONDS_MAX)

    def violations(self, load: list[bytes]) -> list[str]:
        """What is wrong with the books and with the events as they arrived."""
        model = Model().take_all(load)
        accounts = self.ask("SELECT tenant, customer, event_seq FROM accounts")
        wrong = [
            *against_model(self.database, TENANT, model),
            *violations_in_views(self.database),
            *event_violations(self.client.events(QUEUE), {row[:2]: row[2] for row in accounts}),
        ]
        if self.count("receipts") != len(model.keys):
            wrong.append(f"{self.count('receipts')} receipts of {len(model.keys)} messages")
        if left := self.client.backlog():
            wrong.append(f"{left} messages left")
        return wrong
