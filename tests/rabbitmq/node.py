"""Where the tests find RabbitMQ: the node that TEST_RABBITMQ_URL names, or one of their own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.rabbitmq.server import RabbitMQ, programs

GIVEN = "TEST_RABBITMQ_URL"
MISSING = f"no rabbitmq-server on this machine, and {GIVEN} is not set"


def is_missing() -> bool:
    """Whether there is neither."""
    return not os.environ.get(GIVEN) and programs() is None


@contextmanager
def node() -> Iterator[RabbitMQ | str]:
    """A node of the tests' own, or the URL of one that is not theirs to kill."""
    if given := os.environ.get(GIVEN):
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="scrip-") as folder:
        started = RabbitMQ(Path(folder) / "rabbitmq")
        started.start()
        try:
            yield started
        finally:
            started.stop()
