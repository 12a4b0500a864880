"""The demo on RabbitMQ, which it does not start itself: in a virtual host that scrip is not in.

What it declares there is gone when it ends.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

from amqp import AMQPError
from amqp.exceptions import NotFound
from kombu import Connection

from worker.amqp_connection import verified
from worker.amqp_topology import DEAD, EVENTS, EXCHANGE, INTAKE, KEPT, WAKE
from worker.settings import SettingsError
from worker.state import Data

TASKS = "scrip.tasks"
"""Celery's queue and its exchange."""

QUEUES = (INTAKE, DEAD, KEPT, TASKS)
EXCHANGES = (EXCHANGE, EVENTS, WAKE, TASKS)


@contextmanager
def borrowed(url: str) -> Iterator[None]:
    """Everything of scrip's is made in the virtual host, and removed at the end.

    Raises SettingsError where the broker does not answer, or scrip is at home already.
    """
    with _connected(url) as connection:
        if found := _there(connection):
            raise SettingsError(_occupied(url, found))
        with connection.channel() as channel:
            channel.exchange_declare(EVENTS, "topic", durable=True, auto_delete=False)
    try:
        yield
    finally:
        with _connected(url) as connection, connection.channel() as channel:
            for queue in QUEUES:
                channel.queue_delete(queue)
            for exchange in EXCHANGES:
                channel.exchange_delete(exchange)


@contextmanager
def followed(url: str) -> Iterator[Callable[[], list[Data]]]:
    """A function that returns all events from now on, as a subscriber gets them."""
    events: list[Data] = []
    with _connected(url) as connection, connection.channel() as channel:
        queue = channel.queue_declare(exclusive=True).queue
        channel.queue_bind(queue, EVENTS, routing_key="#")

        def read() -> list[Data]:
            while (message := channel.basic_get(queue, no_ack=True)) is not None:
                events.append(json.loads(message.body))
            return list(events)

        yield read


@contextmanager
def _connected(url: str) -> Iterator[Any]:
    client = Connection(url, connect_timeout=5, ssl=verified(url))
    try:
        connection: Any = client.transport.establish_connection()
    except (AMQPError, OSError) as error:
        raise SettingsError(
            f"BROKER_URL names a RabbitMQ that does not let us in: {error}. Start it, or unset "
            "BROKER_URL: the demo then starts a broker of its own"
        ) from error
    with ExitStack() as opened:
        opened.callback(connection.collect)
        yield connection


def _there(connection: Any) -> list[str]:
    """What of scrip's is there."""
    asked = [("queue_declare", name) for name in QUEUES]
    asked += [("exchange_declare", name) for name in EXCHANGES]
    return sorted({name for how, name in asked if _exists(connection, how, name)})


def _exists(connection: Any, how: str, name: str) -> bool:
    kind = {"type": "topic"} if how == "exchange_declare" else {}
    try:
        getattr(connection.channel(), how)(name, passive=True, **kind)
    except NotFound:
        return False
    return True


def _occupied(url: str, found: list[str]) -> str:
    user = urlsplit(url).username or "guest"
    return (
        f"BROKER_URL names a virtual host that has {', '.join(found)} already, and the demo must "
        "not touch a real ledger's messages. Make one for it: rabbitmqctl add_vhost demo && "
        f"rabbitmqctl set_permissions --vhost demo {user} '.*' '.*' '.*', and end BROKER_URL "
        "with /demo"
    )
