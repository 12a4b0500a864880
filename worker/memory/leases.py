"""Leases: who may be the one active reader, on the store's own clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from db.values import Lease
from worker.ports import Clock


@dataclass(slots=True)
class _Held:
    holder: str
    epoch: int
    ends_at: datetime


class Leases:
    """One row per name; the epoch rises with every taking and never falls."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: dict[str, _Held] = {}

    def take(self, name: str, holder: str, seconds: float) -> Lease | None:
        """The lease under a new epoch, or None while one is still valid."""
        known, now = self._held.get(name), self._clock.now()
        if known is not None and known.ends_at > now:
            return None
        epoch = 1 if known is None else known.epoch + 1
        self._held[name] = _Held(holder, epoch, now + timedelta(seconds=seconds))
        return Lease(name, epoch)

    def renew(self, lease: Lease, seconds: float) -> bool:
        """Hold the lease for longer; False when it has passed on."""
        if not self.stands(lease):
            return False
        self._held[lease.name].ends_at = self._clock.now() + timedelta(seconds=seconds)
        return True

    def release(self, lease: Lease) -> None:
        """Let the next one have it now."""
        if self.stands(lease):
            self._held[lease.name].ends_at = self._clock.now()

    def stands(self, lease: Lease) -> bool:
        """Whether nobody has taken the lease since; also when it has run out meanwhile."""
        known = self._held.get(lease.name)
        return known is not None and known.epoch == lease.epoch
