"""The ports of a loop, noting in its pulse what they see."""

from typing import Any, cast

from db.values import Lease
from worker import metrics
from worker.health import BROKER, DATABASE, Pulse
from worker.lease import Tenure
from worker.log import log
from worker.ports import Broker, Clock, Store


class WatchedTenure(Tenure):
    """A tenure that says whether the lease is held.

    It asks the database every third of the lease's seconds, so its return is a sign of life.
    """

    def __init__(
        self, pulse: Pulse, store: Store, clock: Clock, name: str, holder: str, seconds: float
    ) -> None:
        super().__init__(store, clock, name, holder, seconds)
        self._pulse = pulse
        self._shown: Lease | None = None
        self._held, self._epoch = metrics.lease_held.labels(name), metrics.lease_epoch.labels(name)

    def current(self) -> Lease | None:
        """The lease when it is ours."""
        lease = super().current()
        self._pulse.reached(DATABASE)
        self._pulse.holds(lease is not None)
        if lease != self._shown:
            self._show(lease)
        return lease

    def release(self) -> None:
        """Let the successor begin at once."""
        super().release()
        self._show(None)

    def _show(self, lease: Lease | None) -> None:
        self._held.set(lease is not None)
        if lease is not None:
            self._epoch.set(lease.epoch)
            log.info("lease taken", lease=lease.name, epoch=lease.epoch)
        elif self._shown is not None:
            log.info("lease gone", lease=self._shown.name, epoch=self._shown.epoch)
        self._shown = lease


_ASKS = frozenset({"read", "acknowledge", "durable", "wait_for_work"})
"""What always goes to the broker and back; to publish nothing, for one, does not."""


class _Watched:
    """Any broker; a call that has been answered has reached it."""

    def __init__(self, broker: Broker, pulse: Pulse) -> None:
        self._broker, self._pulse = broker, pulse

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._broker, name)
        if name not in _ASKS:
            return method

        def call(*arguments: Any) -> Any:
            answer = method(*arguments)
            self._pulse.reached(BROKER)
            return answer

        return call


def watched(broker: Broker, pulse: Pulse) -> Broker:
    """The broker, with every answer noted."""
    return cast("Broker", _Watched(broker, pulse))
