"""The reader: takes messages off the intake in order, and acknowledges only what is committed.

The intake itself is the list of what is pending: reading takes nothing away, so after any doubt
the reader begins again with the oldest message that nobody has acknowledged. Receipts turn what
was already committed into repeats.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from db.errors import LeaseLost, Transient
from db.values import Lease
from worker.deciding import Deciders
from worker.lease import Tenure
from worker.log import log
from worker.ports import Broker, BrokerError, Clock, Delivery
from worker.routing import shared_out


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read at once, whichever comes first; a transaction has no more than that."""

    messages: int = 2_000
    bytes: int = 4_000_000
    age: float = 0.0
    """Seconds that a message may wait for others to come; 0 takes what is there."""


READINGS_MAX = 3
"""Readings under way at once: one whose last decider is at work, and something for the others."""

PAUSE_MIN, PAUSE_MAX = 0.05, 5.0
"""Seconds before a failed reading is tried again; they double until one has gone through."""


@dataclass(slots=True)
class Reading:
    """Messages that were read together, and are acknowledged together."""

    ids: list[str]
    batches: int = 0
    """How many batches of it are not settled."""
    is_alone: bool = False
    """Whether no other may be under way beside it."""


class Reader:
    """Runs one partition's intake, a turn at a time."""

    def __init__(
        self,
        broker: Broker,
        deciders: Deciders,
        clock: Clock,
        tenure: Tenure,
        limits: Limits = Limits(),
    ) -> None:
        self._broker, self._deciders, self._clock = broker, deciders, clock
        self._tenure, self._limits = tenure, limits
        self._lease: Lease | None = None
        self._after: str | None = None
        self._readings: deque[Reading] = deque()
        self._given: list[deque[Reading]] = [deque() for _ in range(deciders.count)]
        """For each decider, what its unsettled batches belong to."""
        self._count = limits.messages
        self._pause = PAUSE_MIN
        self.ignored = 0

    def turn(self, wait: float) -> int:
        """Acknowledge one reading, waiting up to `wait` seconds for messages; returns its size.

        A failure that passes is waited out; it never loses a message and never skips one.
        """
        try:
            return self._turn(wait)
        except LeaseLost:
            log.warning("lease lost, standing by")
            self._tenure.lost()
        except (Transient, BrokerError) as error:
            log.warning("trying again", error=str(error))
            self._clock.sleep(min(wait, self._pause))
            self._pause = min(2 * self._pause, PAUSE_MAX)
        self._begin_again()
        return 0

    def stop(self) -> None:
        """Finish what is in hand, then give the partition up, what is held of it first."""
        try:
            while self._readings:
                self._finish_oldest()
        except (LeaseLost, Transient, BrokerError) as error:
            log.warning("left to the successor", error=str(error))
        self._begin_again()
        self._deciders.stop()
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
        self._read_ahead(lease, wait)
        if not self._readings:
            self._begin_again()  # costs nothing now, and finds what a broker may have brought back
            return 0
        return self._finish_oldest()

    def _begin_again(self) -> None:
        """With the oldest message that nobody has acknowledged."""
        self._deciders.forget()
        self._readings.clear()
        for given in self._given:
            given.clear()
        self._after = None

    def _current_lease(self) -> Lease | None:
        try:
            return self._tenure.current()
        except Transient:
            self._broker.give_back()  # for all we know there is a successor, waiting for it
            raise

    def _read_ahead(self, lease: Lease, wait: float) -> None:
        """A full reading has a successor waiting; a smaller one must not wait for any."""
        while len(self._readings) < READINGS_MAX:
            if self._readings and self._readings[-1].is_alone:
                break
            wanted = self._count
            deliveries = self._fill(0.0 if self._readings else wait)
            if not deliveries:
                break
            self._give(deliveries, lease)
            self._after = deliveries[-1].id
            if len(deliveries) < wanted:
                break

    def _give(self, deliveries: list[Delivery], lease: Lease) -> None:
        """Each decider its share; and one all of them, when nothing may go on beside it."""
        reading = Reading([delivery.id for delivery in deliveries])
        shares = shared_out(deliveries, self._deciders.count)
        if shares is None:
            while self._readings:
                self._finish_oldest()
            reading.is_alone, shares = True, [deliveries]
        self._readings.append(reading)
        for decider, share in enumerate(shares):
            if share:
                self._deciders.give(decider, share, lease)
                self._given[decider].append(reading)
                reading.batches += 1

    def _finish_oldest(self) -> int:
        """Acknowledge the oldest reading when all of it is settled; returns its size."""
        oldest = self._readings[0]
        while oldest.batches:
            decider, ignored = self._deciders.settled()
            self._given[decider].popleft().batches -= 1
            self.ignored += ignored
        self._broker.acknowledge(oldest.ids)
        self._readings.popleft()
        self._pause = PAUSE_MIN
        return len(oldest.ids)

    def _fill(self, wait: float) -> list[Delivery]:
        """Read until there is enough by count or bytes, or the first message is old enough."""
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
