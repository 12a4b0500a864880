"""The ports as one simulated process reaches them: at every call anything can go wrong."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from db.errors import LeaseLost, OutcomeUnknown, Transient
from db.values import Lease, Quarantined, Unsent
from domain.changes import Changes, State
from domain.identity import AccountKey, Id128
from domain.settings import TenantSettings
from domain.wanted import Wanted
from tests.simulation.broker import LossyBroker
from tests.simulation.journal import Committed
from tests.simulation.process import LEASE_SECONDS, Process
from tests.simulation.scheduler import Crash
from worker.memory.store import MemoryStore
from worker.ports import BrokerError, Delivery, Transaction

T = TypeVar("T")

READER_LEASE = "reader/0"
RELAY_LEASE = "relay/0"


class Violation(Exception):
    """A promise that does not hold, named by its number."""


class ProcessClock:
    """The process's own clock, which may be wrong by any amount."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def monotonic(self) -> float:
        """Seconds that only go forward, sometimes by leaps."""
        return self._process.scheduler.seconds + self._process.clock_ahead

    def now(self) -> datetime:
        """A wall clock that nobody should trust."""
        return self._process.scheduler.now + self._process.wall_wrong

    def sleep(self, seconds: float) -> None:
        """Let the others run."""
        self._process.scheduler.sleep(seconds)


class ProcessBroker:
    """The broker as one process reaches it, over a connection that breaks."""

    settle_seconds = 0.5

    def __init__(self, process: Process, broker: LossyBroker) -> None:
        self._process, self._broker = process, broker
        self._connected_to = broker.incarnation

    def _call(self, action: Callable[[], T]) -> T:
        return self._process.call(lambda: self._connected(action), BrokerError)

    def _connected(self, action: Callable[[], T]) -> T:
        """Also a call that was waiting for its answer ends with the broker."""
        self._check_connection()
        result = action()
        self._check_connection()
        return result

    def _check_connection(self) -> None:
        if self._connected_to != self._broker.incarnation:
            self._connected_to = self._broker.incarnation
            raise BrokerError("simulated: the connection is gone")

    def read(self, after: str | None, count: int, wait: float) -> list[Delivery]:
        """See worker.ports."""
        return self._call(lambda: self._broker.read(after, count, wait))

    def acknowledge(self, ids: Sequence[str]) -> None:
        """See worker.ports."""
        self._call(lambda: self._broker.acknowledge(ids))

    def give_back(self) -> None:
        """See worker.ports."""
        self._call(self._broker.give_back)

    def submit(
        self, bodies: Sequence[bytes], signatures: Sequence[str | None] | None = None
    ) -> list[str]:
        """See worker.ports."""
        return self._call(lambda: self._broker.submit(bodies, signatures))

    def backlog(self) -> int:
        """See worker.ports."""
        return self._call(self._broker.backlog)

    def publish(self, events: Sequence[str]) -> None:
        """See worker.ports; what fails may have been published in part."""
        if events and self._process.faults.chance("published in part", 0.005):
            some = events[: int(self._process.random.random() * len(events))]
            self._call(lambda: self._broker.publish(some))
            raise BrokerError("simulated: published in part")
        self._call(lambda: self._broker.publish(events))

    def durable(self, wait: float) -> bool:
        """See worker.ports."""
        return self._call(lambda: self._broker.durable(wait))

    def wait_for_work(self, wait: float) -> None:
        """See worker.ports."""
        self._call(lambda: self._broker.wait_for_work(wait))

    def trim(self, keep: timedelta) -> None:
        """See worker.ports."""
        self._call(lambda: self._broker.trim(keep))


class ProcessStore:
    """The store as one process reaches it."""

    def __init__(self, process: Process, store: MemoryStore, journal: list[Committed]) -> None:
        self._process, self._store, self._journal = process, store, journal
        self._taken: dict[str, Lease] = {}

    def beside(self, process: Process) -> ProcessStore:
        """The store as another process reaches it, under the leases that this one takes."""
        store = ProcessStore(process, self._store, self._journal)
        store._taken = self._taken
        return store

    @contextmanager
    def transaction(self, lease: Lease | None) -> Iterator[Transaction]:
        """See worker.ports; here the commit is where most can go wrong."""
        self._process.call(lambda: None, Transient)
        with ExitStack() as opened:
            inner = opened.enter_context(self._store.transaction(lease))
            transaction = ProcessTransaction(self._process, inner)
            yield transaction
            self._process.call(lambda: None, Transient)
            self._commit(opened.pop_all(), transaction)

    def _commit(self, opened: ExitStack, transaction: ProcessTransaction) -> None:
        fault = self._process.faults.at_commit()
        if fault == "commit_late":
            self._process.scheduler.start(lambda: self._commit_late(opened, transaction))
        elif fault == "commit_not_applied":
            _roll_back(opened)
        else:
            self._end(opened, transaction)
        if fault is not None:
            if self._process.random.random() < 0.5:
                self._process.die()
            raise OutcomeUnknown(f"simulated: {fault}")

    def _commit_late(self, opened: ExitStack, transaction: ProcessTransaction) -> None:
        """The database goes on with a COMMIT whose sender has hung up."""
        self._process.scheduler.sleep(self._process.random.random() * 2 * LEASE_SECONDS)
        if self._process.random.random() < 0.5:
            _roll_back(opened)
            return
        try:
            self._end(opened, transaction)
        except LeaseLost:
            self._process.faults.counts["late commit refused"] += 1

    def _end(self, opened: ExitStack, transaction: ProcessTransaction) -> None:
        lease = self._taken.get(READER_LEASE)
        stale = lease is not None and not self._store.lease_stands(lease)
        opened.close()
        self._journal += transaction.written
        if stale:
            raise Violation("I2: a reader has committed after its lease had passed on")

    def take_lease(self, name: str, holder: str, seconds: float) -> Lease | None:
        """See worker.ports; a reader's lease is remembered, to catch it without."""

        def take() -> Lease | None:
            lease = self._store.take_lease(name, holder, seconds)
            if lease is not None:
                self._process.faults.counts[f"taken {name}"] += 1
                self._taken[name] = lease
            return lease

        return self._process.call(take, Transient)

    def renew_lease(self, lease: Lease, seconds: float) -> bool:
        """See worker.ports."""
        return self._process.call(lambda: self._store.renew_lease(lease, seconds), Transient)

    def release_lease(self, lease: Lease) -> None:
        """See worker.ports."""
        self._process.call(lambda: self._store.release_lease(lease), Transient)

    def unsent(self, count: int, held: Collection[int]) -> list[Unsent]:
        """See worker.ports."""
        return self._process.call(lambda: self._store.unsent(count, held), Transient)

    def forget(self, ids: Sequence[int]) -> None:
        """See worker.ports."""
        self._process.call(lambda: self._store.forget(ids), Transient)

    def accounts_due(self, count: int, notice: timedelta) -> dict[Id128, AccountKey]:
        """See worker.ports."""
        return self._process.call(lambda: self._store.accounts_due(count, notice), Transient)


class ProcessTransaction:
    """A transaction as one process reaches it; it remembers what a commit would make true."""

    def __init__(self, process: Process, transaction: Transaction) -> None:
        self._process, self._transaction = process, transaction
        self._expires: dict[Id128, AccountKey] = {}
        self._settings: dict[str, TenantSettings] = {}
        self.written: list[Committed] = []

    def settings(self, tenants: Collection[str]) -> dict[str, TenantSettings]:
        """See worker.ports."""
        return self._process.call(lambda: self._transaction.settings(tenants), Transient)

    def gather(self, want: Wanted) -> State:
        """See worker.ports."""
        state = self._process.call(lambda: self._transaction.gather(want), Transient)
        self._expires = {} if want.receipts else want.accounts
        self._settings = dict(state.settings)
        return state

    def save(self, changes: Changes, quarantined: Sequence[Quarantined]) -> None:
        """See worker.ports."""
        self.written = [Committed.of(changes, self._expires, self._settings)]
        self._process.call(lambda: self._transaction.save(changes, quarantined), Transient)


class Ports(NamedTuple):
    """Everything that a process reaches the world through."""

    name: str
    broker: ProcessBroker
    store: ProcessStore
    clock: ProcessClock


def _roll_back(opened: AbstractContextManager[object]) -> None:
    opened.__exit__(Crash, Crash(), None)
