"""A database in memory, with what matters of a real one: isolation, row locks and leases."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from types import MappingProxyType

from db.errors import LeaseLost, Transient
from db.values import Lease, Quarantined, Unsent
from domain.identity import AccountKey, Id128
from domain.settings import TenantSettings
from worker.memory.leases import Leases
from worker.memory.rows import AccountRows
from worker.memory.tables import Tables
from worker.memory.transaction import MemoryTransaction
from worker.ports import Clock


def _nobody_else_runs() -> None:
    raise Transient("the account is locked by another transaction")


class MemoryStore:
    """All accounts, in one process. `wait` lets others run while a row lock is not to be had."""

    def __init__(self, clock: Clock, wait: Callable[[], None] = _nobody_else_runs) -> None:
        self._clock, self._wait = clock, wait
        self._tables = Tables()
        self._locks: set[Id128] = set()
        self._leases = Leases(clock)
        self._outbox_ids = count(1)

    @property
    def accounts(self) -> Mapping[Id128, AccountRows]:
        """What is committed, by account; to read, not to write."""
        return MappingProxyType(self._tables.accounts)

    @property
    def quarantined(self) -> Mapping[str, Quarantined]:
        """What is set aside, by digest."""
        return MappingProxyType(self._tables.quarantined)

    @property
    def settings(self) -> dict[str, TenantSettings]:
        """What the tenants have set; tenants that are not there have the defaults."""
        return self._tables.settings

    @contextmanager
    def transaction(self, lease: Lease | None) -> Iterator[MemoryTransaction]:
        """Begin; with a lease, the commit is refused with LeaseLost when it has passed on."""
        transaction = MemoryTransaction(
            self._tables, self._locks, self._outbox_ids, self._clock, self._wait
        )
        try:
            yield transaction
            if lease is not None and not self._leases.stands(lease):
                raise LeaseLost(f"{lease.name} has passed on")
            transaction.commit()
        finally:
            transaction.close()

    def take_lease(self, name: str, holder: str, seconds: float) -> Lease | None:
        """The lease under a new epoch, or None while one is still valid."""
        return self._leases.take(name, holder, seconds)

    def renew_lease(self, lease: Lease, seconds: float) -> bool:
        """Hold the lease for longer; False when it has passed on."""
        return self._leases.renew(lease, seconds)

    def release_lease(self, lease: Lease) -> None:
        """Let the next one have it now."""
        self._leases.release(lease)

    def lease_stands(self, lease: Lease) -> bool:
        """Whether nobody has taken the lease since."""
        return self._leases.stands(lease)

    def unsent(self, count: int, held: Collection[int]) -> list[Unsent]:
        """The oldest outbox rows; each got its id while its accounts were locked."""
        outbox = self._tables.outbox
        return [outbox[row] for row in sorted(outbox.keys() - set(held))[:count]]

    def forget(self, ids: Sequence[int]) -> None:
        """Drop outbox rows whose events are safe with the broker."""
        for row in ids:
            self._tables.outbox.pop(row, None)

    def accounts_due(self, count: int, notice: timedelta) -> dict[Id128, AccountKey]:
        """Some accounts for which an expiry run has something to do (R3)."""
        return self._tables.accounts_due(self._clock.now(), count, notice)

    def next_due(self) -> datetime | None:
        """The earliest instant at which `accounts_due` has something."""
        return self._tables.next_due()
