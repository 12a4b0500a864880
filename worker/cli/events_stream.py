"""The published events as they lie in the broker, read from the oldest on or as they come."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Protocol

from worker import wiring
from worker.cli.events_chunk import Chunk
from worker.cli.events_rabbitmq import RabbitMQEvents
from worker.cli.events_redis import RedisEvents
from worker.settings import Settings


class EventStream(Protocol):
    """A reader of its own place; it takes nothing away from anyone. May raise BrokerError."""

    def length(self) -> int:
        """How many entries there are, roughly."""

    def kept(self) -> Iterator[Chunk]:
        """From the oldest entry to the one that is the newest now."""

    def coming(self) -> Iterator[Chunk]:
        """What is behind the last entry that was read, and waits for more; never ends."""

    def close(self) -> None:
        """Hang up."""


@contextmanager
def event_stream(settings: Settings) -> Iterator[EventStream]:
    """Those of the broker that BROKER_URL names; raises SettingsError or BrokerError."""
    url = wiring.broker_url(settings)
    opened: EventStream = RabbitMQEvents(url) if wiring.is_amqp(url) else RedisEvents(url)
    with closing(opened) as stream:
        yield stream
