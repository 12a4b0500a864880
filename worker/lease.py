"""Holding a lease over time: one active reader per partition, one relay."""

from db.values import Lease
from worker.ports import Clock, Store


class Tenure:
    """Takes, renews and gives up one lease on behalf of a loop.

    The clock only decides when to ask; whether the lease still holds is decided by the database,
    in the money transaction itself.
    """

    def __init__(self, store: Store, clock: Clock, name: str, holder: str, seconds: float) -> None:
        self._store, self._clock = store, clock
        self._name, self._holder, self._seconds = name, holder, seconds
        self._lease: Lease | None = None
        self._asked_at = 0.0

    def current(self) -> Lease | None:
        """The lease when it is ours, taken or renewed as needed; None while it is another's."""
        now = self._clock.monotonic()
        if self._lease is None:
            self._lease = self._store.take_lease(self._name, self._holder, self._seconds)
            self._asked_at = now
        elif now - self._asked_at > self._seconds / 3:
            if not self._store.renew_lease(self._lease, self._seconds):
                self._lease = None
            self._asked_at = now
        return self._lease

    def lost(self) -> None:
        """Forget a lease that the store says has passed on."""
        self._lease = None

    def release(self) -> None:
        """Let the successor begin at once."""
        if self._lease is not None:
            self._store.release_lease(self._lease)
            self._lease = None
