"""The reader: takes messages off the intake in order, and acknowledges only what is committed.

The intake itself is the list of what is pending: reading takes nothing away, so after any doubt
the reader begins again with the oldest message that nobody has acknowledged. Receipts turn what
was already committed into repeats.
"""

from collections.abc import Sequence
from concurrent import futures
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import NamedTuple

from db.errors import LeaseLost, Transient
from db.values import Lease
from worker.codec import Decode
from worker.lease import Tenure
from worker.log import log
from worker.ports import Broker, BrokerError, Clock, Delivery, Store
from worker.process import Batch, read_batch, settle


@dataclass(frozen=True, slots=True)
class Limits:
    """How much goes into one batch, whichever comes first."""

    messages: int = 500
    bytes: int = 4_000_000
    age: float = 0.0
    """Seconds that a message may wait for its batch to fill; 0 takes what is there."""


PAUSE_MIN, PAUSE_MAX = 0.05, 5.0
"""Seconds before a failed batch is tried again; they double until one has gone through."""


class Reading(NamedTuple):
    """Messages as they were read, and what they say."""

    ids: list[str]
    batch: Batch


class Reader:
    """Runs one partition's intake, a turn at a time."""

    def __init__(
        self,
        broker: Broker,
        store: Store,
        clock: Clock,
        tenure: Tenure,
        decode: Decode,
        limits: Limits = Limits(),
        beside: Executor | None = None,
    ) -> None:
        """With an executor, a full batch's successor is read while it is at the database."""
        self._broker, self._store, self._clock = broker, store, clock
        self._tenure, self._decode, self._limits = tenure, decode, limits
        self._beside = beside
        self._ahead: Future[Reading] | None = None
        self._lease: Lease | None = None
        self._after: str | None = None
        self._in_hand = Batch()
        self._count = limits.messages
        self._pause = PAUSE_MIN
        self.ignored = 0

    def turn(self, wait: float) -> int:
        """One turn: at most one batch, waiting up to `wait` seconds for it; returns its size.

        A failure that passes is waited out; it never loses a message and never skips one.
        """
        try:
            return self._turn(wait)
        except LeaseLost:
            log.warning("lease lost, standing by", **self._in_hand.facts())
            self._tenure.lost()
        except (Transient, BrokerError) as error:
            log.warning("trying again", error=str(error), **self._in_hand.facts())
            self._clock.sleep(min(wait, self._pause))
            self._pause = min(2 * self._pause, PAUSE_MAX)
        self._begin_again()
        return 0

    def stop(self) -> None:
        """Give the partition up after the last turn, what is held of it first."""
        try:
            self._broker.give_back()
        except BrokerError as error:
            log.warning("messages not given back, the broker will notice", error=str(error))
        try:
            self._tenure.release()
        except Transient as error:
            log.warning("lease not released, it will run out", error=str(error))

    def _turn(self, wait: float) -> int:
        lease = self._current_lease()
        if lease != self._lease:
            self._lease = lease
            self._begin_again()
        if lease is None:
            self._broker.give_back()
            self._clock.sleep(wait)
            return 0
        ids, batch = self._next(wait)
        if not ids:
            self._begin_again()  # costs nothing now, and finds what a broker may have brought back
            return 0
        self._after, self._in_hand = ids[-1], batch
        ahead = self._read_ahead(len(ids))
        try:
            settle(batch, self._store, lease)
        finally:
            futures.wait(ahead)  # the broker's connection is for one thread at a time
        self._broker.acknowledge(ids)
        self._ahead, self._in_hand = ahead[0] if ahead else None, Batch()
        self._pause = PAUSE_MIN
        self.ignored += batch.ignored
        return len(ids)

    def _begin_again(self) -> None:
        """With the oldest message that nobody has acknowledged."""
        self._after = self._ahead = None
        self._in_hand = Batch()

    def _next(self, wait: float) -> Reading:
        ahead, self._ahead = self._ahead, None
        return ahead.result() if ahead is not None else self._read(wait)

    def _read_ahead(self, size: int) -> list[Future[Reading]]:
        """A full batch has a successor waiting; a smaller one must not wait for any."""
        if self._beside is None or size < self._count:
            return []
        return [self._beside.submit(self._read, 0.0)]

    def _read(self, wait: float) -> Reading:
        deliveries = self._fill(wait)
        return Reading([d.id for d in deliveries], read_batch(deliveries, self._decode))

    def _current_lease(self) -> Lease | None:
        try:
            return self._tenure.current()
        except Transient:
            self._broker.give_back()  # for all we know there is a successor, waiting for it
            raise

    def _fill(self, wait: float) -> list[Delivery]:
        """Read until the batch is full by count or bytes, or its first message old enough."""
        deliveries = self._broker.read(self._after, self._count, wait)
        ends_at = self._clock.monotonic() + self._limits.age
        while deliveries and len(deliveries) < self._count:
            left = ends_at - self._clock.monotonic()
            if left <= 0:
                break
            more = self._broker.read(deliveries[-1].id, self._count - len(deliveries), left)
            if not more:
                break
            deliveries += more
        return self._cut(deliveries)

    def _cut(self, deliveries: list[Delivery]) -> list[Delivery]:
        """Keep to the byte limit; what is cut off is read again, fewer at a time."""
        fit = _fitting(deliveries, self._limits.bytes)
        if len(fit) < len(deliveries):
            self._count = len(fit)
        else:
            self._count = min(2 * self._count, self._limits.messages)
        return fit


def _fitting(deliveries: Sequence[Delivery], bytes_max: int) -> list[Delivery]:
    """The longest beginning within the limit, and at least one message."""
    fit: list[Delivery] = []
    size = 0
    for delivery in deliveries:
        size += len(delivery.body)
        if fit and size > bytes_max:
            break
        fit.append(delivery)
    return fit
