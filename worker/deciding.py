"""Who decides what the reader has read: the reader's own thread, or processes beside it.

A reading is shared out by customer (worker/routing.py), so each account has one decider and its
messages stay in order. That the books are right does not hang on it: receipts, locks and the
lease's epoch are checked in each money transaction, whoever runs it.
"""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from db.errors import LeaseLost, Transient
from db.values import Lease
from worker.codec import Decode
from worker.log import log
from worker.ports import BrokerError, Delivery, Store
from worker.process import read_batch, settle


class Deciders(Protocol):
    """One or more deciders; each settles what it is given, a transaction each, in that order."""

    count: int

    def give(self, to: int, deliveries: Sequence[Delivery], lease: Lease | None) -> None:
        """Hand over a batch; `to` is below `count`. May raise Transient."""

    def settled(self) -> tuple[int, int]:
        """Wait for a batch to be settled: whose oldest it is, and how many messages it ignored.

        Raises what `settle` raises: then nothing that was given since may be acknowledged, and
        nothing may be given before `forget`.
        """

    def forget(self) -> None:
        """Give up what was given; returns when none of it is under way any more."""

    def stop(self) -> None:
        """Let the deciders go."""


class OwnThread:
    """Decides when asked for what is settled, here and now."""

    count = 1

    def __init__(self, store: Store, decode: Decode) -> None:
        self._store, self._decode = store, decode
        self._given: deque[tuple[Sequence[Delivery], Lease | None]] = deque()

    def give(self, to: int, deliveries: Sequence[Delivery], lease: Lease | None) -> None:
        """See Deciders."""
        del to
        self._given.append((deliveries, lease))

    def settled(self) -> tuple[int, int]:
        """See Deciders."""
        return 0, settle_deliveries(*self._given.popleft(), self._store, self._decode)

    def forget(self) -> None:
        """See Deciders."""
        self._given.clear()

    def stop(self) -> None:
        """See Deciders."""


def settle_deliveries(
    deliveries: Sequence[Delivery], lease: Lease | None, store: Store, decode: Decode
) -> int:
    """Understand messages and settle them; returns how many were ignored. Raises as `settle`."""
    batch = read_batch(deliveries, decode)
    try:
        settle(batch, store, lease)
    except (Transient, LeaseLost, BrokerError) as error:
        log.warning("not settled", error=str(error), **batch.facts())
        raise
    return batch.ignored
