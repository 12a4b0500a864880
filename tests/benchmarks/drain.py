"""How fast waiting messages are worked off: from the stream to the books and to subscribers."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tests.end_to_end.outsider import Outsider, wait_for
from worker.stack import Process

CHUNK = 1_000
SECONDS_MAX = 600
READING = "SELECT 1 FROM leases WHERE name = 'reader/0' AND expires_at > clock_timestamp()"


@dataclass(frozen=True, slots=True)
class Drained:
    """Messages a second, from the moment the worker begins to read."""

    committed: float
    """Until the last one is committed and acknowledged."""
    delivered: float
    """Until the last event stands on the event stream, and the outbox is empty."""


def drain(client: Outsider, worker: Process, messages: list[bytes]) -> Drained:
    """Stop the worker, publish everything, start it and take the time."""
    worker.stop()
    for at in range(0, len(messages), CHUNK):
        client.publish(*messages[at : at + CHUNK])
    worker.start()
    wait_for("the reader", lambda: client.ask(READING), 60)
    began = time.perf_counter()
    wait_for("the books", lambda: client.backlog() == 0, SECONDS_MAX)
    committed = time.perf_counter() - began
    wait_for("the events", client.is_quiet, SECONDS_MAX)
    delivered = time.perf_counter() - began
    return Drained(len(messages) / committed, len(messages) / delivered)
