"""Messages decided in memory, by the writer's own code."""

from collections.abc import Iterable
from datetime import UTC, datetime

from domain.settings import TenantSettings
from worker.codec import Decode
from worker.expiry import expire_due
from worker.memory.clock import MemoryClock
from worker.memory.store import MemoryStore
from worker.ports import Delivery
from worker.process import Batch, read_batch, settle
from worker.state import Data, books_in_memory, state_of

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Simulation:
    """An installation without servers, on a clock that goes where it is told, never backwards."""

    def __init__(self, decode: Decode, start: datetime = BEGINNING) -> None:
        self._decode = decode
        self._clock = MemoryClock(start)
        self._store = MemoryStore(self._clock)
        self.ignored = 0

    @property
    def settings(self) -> dict[str, TenantSettings]:
        """What tenants have set, by tenant."""
        return self._store.settings

    def decide(self, bodies: Iterable[bytes]) -> None:
        """Decide messages at the present instant of the clock."""
        self._settle(read_batch((Delivery("", body) for body in bodies), self._decode))

    def follow(self, body: bytes) -> None:
        """Decide a message at its own time, after all that falls due until then."""
        batch = read_batch([Delivery("", body)], self._decode)
        for message in batch.messages:
            self.run_on(message.time)
        self._settle(batch)

    def run_on(self, until: datetime) -> None:
        """Let time pass; credit expires at the very instant at which it falls due (R3)."""
        last = None
        while (due := self._store.next_due()) is not None and due <= until and due != last:
            self._clock.set(max(due, self._clock.now()))
            expire_due(self._store)
            last = due
        self._forget_events()
        self._clock.set(max(until, self._clock.now()))

    def state(self) -> Data:
        """How everything stands now."""
        aside = ((row.message_id, row.reason) for row in self._store.quarantined.values())
        return state_of(books_in_memory(self._store), aside, self._clock.now())

    def _settle(self, batch: Batch) -> None:
        settle(batch, self._store, None)
        self.ignored += batch.ignored
        self._forget_events()

    def _forget_events(self) -> None:
        while rows := self._store.unsent(1_000, ()):
            self._store.forget([row.id for row in rows])
