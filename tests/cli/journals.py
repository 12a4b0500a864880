"""Journals whose messages were decided on the real path, on a clock of the test's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby

from db.store import PostgresStore
from tests.reference.mixes import mix
from tests.standing import at
from worker.clock import SystemClock
from worker.codec import Codec
from worker.deciding import OwnThread
from worker.expiry import expire_due
from worker.intake import Reader
from worker.lease import Tenure
from worker.ports import Broker
from worker.relay import Relay

NOTICE = timedelta(minutes=20)
ODD = [b"not json", b'{"specversion":"1.0","id":"x"}', b"not json"]


class Installation:
    """A worker, a relay and an expiry run, a turn at a time."""

    def __init__(self, store: PostgresStore, broker: Broker) -> None:
        clock = SystemClock()
        tenures = (Tenure(store, clock, name, "test:1", 300.0) for name in ("reader/0", "relay/0"))
        self._store, self._broker = store, broker
        self._reader = Reader(broker, OwnThread(store, Codec().decode), clock, next(tenures))
        self._relay = Relay(broker, store, clock, next(tenures), timedelta(days=7))

    def take(self, bodies: list[bytes]) -> None:
        """Publish messages and decide them, all in one batch."""
        self._broker.submit(bodies)
        while self._broker.backlog():
            self._reader.turn(0.1)

    def expire(self) -> None:
        expire_due(self._store, notice=NOTICE)

    def publish_events(self) -> None:
        while self._relay.turn(0.01):
            pass


def played(seed: int, messages: int, installation: Installation) -> list[bytes]:
    """Messages of every kind, repeats, conflicts and nonsense; returns them as published."""
    journal: list[bytes] = []
    for now, batch in _batches(seed, messages):
        with at(now):
            if batch is None:
                installation.expire()
            else:
                installation.take(batch)
                journal += batch
    installation.publish_events()
    return journal


def _batches(seed: int, messages: int) -> Iterator[tuple[datetime, list[bytes] | None]]:
    steps = mix(seed, messages)
    for serial, ((now, is_run), same) in enumerate(
        groupby(steps, key=lambda step: (step[1], step[0] is None))
    ):
        bodies = [json.dumps(message).encode() for message, _ in same]
        # instants of the mix often meet exactly; a database's clock goes on
        moment = now + timedelta(microseconds=serial)
        yield moment, None if is_run else [*bodies, *(ODD if serial % 50 == 9 else [])]
