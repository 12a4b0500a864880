"""The broker of the demo: its own Valkey, or what is lent to it of the RabbitMQ in BROKER_URL."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from redis import Redis

from worker import wiring
from worker.cli import demo_rabbitmq
from worker.redis_broker import EVENTS, FIELD
from worker.state import Data

ReadEvents = Callable[[], list[Data]]
"""Returns every event so far."""


def borrowed(url: str | None) -> AbstractContextManager[None]:
    """Makes room on the RabbitMQ that the URL names, for as long as the block runs."""
    return demo_rabbitmq.borrowed(url) if url else nullcontext()


def followed(url: str) -> AbstractContextManager[ReadEvents]:
    """A function that returns every event, as a subscriber would read them."""
    return demo_rabbitmq.followed(url) if wiring.is_amqp(url) else _of_stream(url)


@contextmanager
def _of_stream(url: str) -> Iterator[ReadEvents]:
    with Redis.from_url(url) as client:
        yield lambda: [json.loads(fields[FIELD]) for _, fields in client.xrange(EVENTS)]
