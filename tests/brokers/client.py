"""What the harnesses ask of a broker: one client of the world outside for each kind of broker.

Faults and benchmarks are written once, over this; no code of scrip is in between.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

CHUNK = 500
AGAIN_SECONDS = 0.05


class Odd(bytes):
    """A message sent as the broker allows and the contract does not."""


class Client(Protocol):
    """A publisher, subscriber and onlooker on one connection, for one thread.

    Every call may raise one of `errors`; the next one connects again.
    """

    errors: tuple[type[Exception], ...]

    def publish(self, *bodies: bytes) -> None:
        """In order; the broker keeps every one when this returns."""

    def as_quarantined(self, body: bytes) -> bytes:
        """The bytes by which quarantine knows a message that was published."""

    def is_read(self) -> bool:
        """Whether the intake is there, and a reader where the broker knows of readers."""

    def backlog(self) -> int:
        """Messages on the intake; on RabbitMQ without those that a reader has in hand."""

    def acknowledged(self, wait: float) -> bool:
        """Whether a batch was acknowledged since the last call; the first after `close` begins."""

    def follow(self) -> None:
        """From now on no event is missed by `next_events`."""

    def next_events(self, wait: float) -> list[bytes]:
        """Events in their order, waiting for the first; after an error some may come again."""

    def tasks_left(self, queue: str) -> int:
        """Tasks on a queue of Celery's; on RabbitMQ without the few that are in work."""

    def close(self) -> None:
        """Hang up."""


def publish_surely(client: Client, messages: Sequence[bytes]) -> int:
    """What is not known to be kept is published again, in order; returns how often that was."""
    errors = 0
    for at in range(0, len(messages), CHUNK):
        while True:
            try:
                client.publish(*messages[at : at + CHUNK])
                break
            except client.errors:
                errors += 1
                time.sleep(AGAIN_SECONDS)
    return errors
