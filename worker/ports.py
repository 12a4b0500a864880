"""The three ports of the shell: broker, store and clock.

Everything in `intake`, `process`, `relay` and `expiry` is a plain function over these, so the same
code runs on real servers, in memory for `scrip simulate`, and in the seeded simulation that
crashes it at any call. An adapter is right when it passes `tests/conformance`.
"""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from db.values import Lease, Quarantined, Unsent
from domain.changes import Changes, State
from domain.identity import AccountKey, Id128
from domain.settings import TenantSettings
from domain.wanted import Wanted


class BrokerError(Exception):
    """The broker cannot be reached or did not answer; what was asked may have been done."""


class Delivery(NamedTuple):
    """One message as it lies on the intake; ids rise in arrival order."""

    id: str
    body: bytes
    given_up: str | None = None
    """Why the broker will not deliver it any more, where it has such a rule."""
    signature: str | None = None
    """What came beside it under that name, whatever it is worth (worker/signatures.py)."""


class Broker(Protocol):
    """The intake and the event stream. Every method may raise BrokerError."""

    settle_seconds: float
    """How long after `durable` said yes a write may still be lost to a crash."""

    def read(self, after: str | None, count: int, wait: float) -> list[Delivery]:
        """Up to `count` unacknowledged messages behind `after`, lowest id first (None: all).

        Waits up to `wait` seconds for the first one. Reading takes nothing away.
        """

    def acknowledge(self, ids: Sequence[str]) -> None:
        """Take messages off the intake, for good. Only after COMMIT. Also wakes the relay."""

    def give_back(self) -> None:
        """Hold nothing that was read and not acknowledged, so that another can read it."""

    def submit(
        self, bodies: Sequence[bytes], signatures: Sequence[str | None] | None = None
    ) -> list[str]:
        """Put messages on the intake, in order; returns a name of its own for each.

        `signatures` has one for each message, or None for those that have none.
        """

    def backlog(self) -> int:
        """How many messages are not yet acknowledged, those in another's hands perhaps not."""

    def publish(self, events: Sequence[str]) -> None:
        """Append events in order; returns when the broker has confirmed every one."""

    def durable(self, wait: float) -> bool:
        """Whether all that this broker was given so far would survive its crash."""

    def wait_for_work(self, wait: float) -> None:
        """Return when `acknowledge` was called anywhere, or after `wait` seconds."""

    def trim(self, keep: timedelta) -> None:
        """Let go of events published longer ago, on the broker's clock: ours may be wrong."""


class Transaction(Protocol):
    """One money transaction, committed when its `with` block ends without an exception."""

    def settings(self, tenants: Collection[str]) -> dict[str, TenantSettings]:
        """What some tenants have set, of those that have set anything. Takes no lock."""

    def gather(self, want: Wanted) -> State:
        """Lock the accounts in account_id order, making the missing ones; load; read the clock."""

    def save(self, changes: Changes, quarantined: Sequence[Quarantined]) -> None:
        """Write everything, the events of `changes` as one outbox row."""


class Store(Protocol):
    """The database. Methods raise the errors of `db.errors`."""

    def transaction(self, lease: Lease | None) -> AbstractContextManager[Transaction]:
        """Begin; with a lease, the commit is refused with LeaseLost when it has passed on (I2)."""

    def take_lease(self, name: str, holder: str, seconds: float) -> Lease | None:
        """The lease under a new epoch, or None while one is valid, be it the holder's own."""

    def renew_lease(self, lease: Lease, seconds: float) -> bool:
        """Hold the lease for longer; False when it has passed on."""

    def release_lease(self, lease: Lease) -> None:
        """Let the next one have it now."""

    def unsent(self, count: int, held: Collection[int]) -> list[Unsent]:
        """The oldest outbox rows, except those in `held`, in an order right for every account."""

    def forget(self, ids: Sequence[int]) -> None:
        """Drop outbox rows whose events are safe with the broker."""

    def accounts_due(self, count: int, notice: timedelta) -> dict[Id128, AccountKey]:
        """Some accounts with grants or holds whose time and late window are over (R3).

        Also those with a grant whose end comes within `notice` and has not been told of.
        """


class Clock(Protocol):
    """Durations and the shell's own timestamps. No amount ever depends on it (I20)."""

    def monotonic(self) -> float:
        """Seconds that only go forward."""

    def now(self) -> datetime:
        """The wall clock, for people to read."""

    def sleep(self, seconds: float) -> None:
        """Wait."""
