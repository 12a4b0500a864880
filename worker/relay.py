"""The relay: committed events go out, at least once and in order per account (I11, I12).

An event is confirmed before it is forgotten: its outbox row is kept until the broker says that it
would survive a crash. When the broker has been away, everything still kept is sent again.
"""

from datetime import timedelta

from db.errors import Transient
from worker.lease import Tenure
from worker.log import log
from worker.ports import Broker, BrokerError, Clock, Store

TRIM_EVERY = 10.0
"""Seconds between two trims of the event stream; a trim is cheap and its delay harmless."""


class Relay:
    """Moves events from the outbox to the broker, a turn at a time."""

    def __init__(
        self, broker: Broker, store: Store, clock: Clock, tenure: Tenure, keep: timedelta
    ) -> None:
        self._broker, self._store, self._clock = broker, store, clock
        self._tenure, self._keep = tenure, keep
        self._held: dict[int, float] = {}
        """Rows that are published but not yet forgotten, with the instant they were published."""
        self._trimmed_at = clock.monotonic()

    def turn(self, wait: float, count: int = 100) -> int:
        """Send the oldest batches' events; waits up to `wait` seconds when there are none."""
        try:
            return self._turn(wait, count)
        except (Transient, BrokerError) as error:
            log.warning("trying again", error=str(error))
            self._held.clear()
            self._clock.sleep(wait)
        return 0

    def stop(self) -> None:
        """Give the relay's place up."""
        try:
            self._tenure.release()
        except Transient as error:
            log.warning("lease not released, it will run out", error=str(error))

    def _turn(self, wait: float, count: int) -> int:
        if self._tenure.current() is None:
            self._held.clear()
            self._clock.sleep(wait)
            return 0
        rows = self._store.unsent(count, self._held)
        self._broker.publish([event for row in rows for event in row.events])
        self._held.update(dict.fromkeys((row.id for row in rows), self._clock.monotonic()))
        self._forget(0.0 if rows else wait)
        self._trim()
        if not rows:
            self._broker.wait_for_work(wait)
        return len(rows)

    def _forget(self, wait: float) -> None:
        settled = self._clock.monotonic() - self._broker.settle_seconds
        safe = [row for row, published_at in self._held.items() if published_at <= settled]
        if safe and self._broker.durable(wait):
            self._store.forget(safe)
            for row in safe:
                del self._held[row]

    def _trim(self) -> None:
        if self._clock.monotonic() - self._trimmed_at > TRIM_EVERY:
            self._broker.trim(self._keep)
            self._trimmed_at = self._clock.monotonic()
