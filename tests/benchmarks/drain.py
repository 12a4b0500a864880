"""How fast waiting messages are worked off: from the intake to the books and to subscribers."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from tests.benchmarks.installation import Installation
from tests.benchmarks.usage import Usage
from tests.brokers.client import publish_surely
from tests.end_to_end.outsider import Observer, wait_for
from worker.stack import Process

SECONDS_MAX = 600
START_SECONDS_MAX = 60
LOOK_EVERY = 0.005
READING = "SELECT 1 FROM leases WHERE name = 'reader/0' AND expires_at > clock_timestamp()"
LAST = "bench-last"
"""The tenant of the message behind all others, which the books that are compared leave out."""

DECIDED = "SELECT 1 FROM accounts WHERE tenant = %s AND customer = %s AND event_seq > 0"


@dataclass(frozen=True, slots=True)
class Drained:
    """Messages a second, from the moment the worker begins to read."""

    committed: float
    """Until the last one is committed."""
    delivered: float
    """Until the broker has the last event on disk, and the outbox is empty."""


def drain(
    on: Installation,
    messages: list[bytes],
    usage: Usage | None = None,
    behind: Sequence[bytes] = (),
) -> Drained:
    """Stop the worker, publish everything, start it and take the time, and what it costs.

    What is `behind` waits too while it works the messages off; then both rates are until the last
    message is committed, as events go on.
    """
    worker, observer, last = on.processes["worker"], on.observer, uuid4().hex
    worker.stop()
    publish_surely(on.client, [*messages, _last(last), *behind])
    worker.start()
    began = _first_read(worker, observer)
    if usage:
        usage.begin()
    wait_for("the books", lambda: observer.ask(DECIDED, LAST, last), SECONDS_MAX)
    if not behind:  # deciders go on side by side, so the last one read may not be the last decided
        wait_for("the intake", lambda: not on.client.backlog(), SECONDS_MAX)
    committed = time.perf_counter() - began
    if not behind:
        wait_for("the events", lambda: not observer.count("outbox"), SECONDS_MAX)
    delivered = time.perf_counter() - began
    if usage:
        usage.end(len(messages))
    return Drained(len(messages) / committed, len(messages) / delivered)


def _first_read(worker: Process, observer: Observer) -> float:
    """When the worker begins to read: the last look that found no reader, and so no later."""
    ends_at = time.monotonic() + START_SECONDS_MAX
    looked = time.perf_counter()
    while not observer.ask(READING):
        assert worker.exit_code is None, f"the worker ended with exit code {worker.exit_code}"
        if time.monotonic() > ends_at:
            raise TimeoutError(f"no reader within {START_SECONDS_MAX} s")
        time.sleep(LOOK_EVERY)
        looked = time.perf_counter()
    return looked


def _last(customer: str) -> bytes:
    event = {
        "specversion": "1.0",
        "id": customer,
        "source": "/bench",
        "type": "credit.grant",
        "time": datetime.now(UTC).isoformat(),
        "data": {"tenant": LAST, "customer": customer, "currency": "USD", "amount": 1},
    }
    return json.dumps(event).encode()
