"""The simulated world: servers, processes that come and go, and what befalls them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from operator import attrgetter
from random import Random

from db.errors import Transient
from domain.identity import NIL, AccountKey, account_id
from tests.simulation.broker import LossyBroker
from tests.simulation.deciders import SimulatedDeciders
from tests.simulation.faults import Faults, Rates
from tests.simulation.journal import Committed
from tests.simulation.load import SETTINGS, Load
from tests.simulation.names import Found, look_up
from tests.simulation.ports import (
    READER_LEASE,
    RELAY_LEASE,
    Ports,
    ProcessBroker,
    ProcessClock,
    ProcessStore,
    Violation,
)
from tests.simulation.process import LEASE_SECONDS, Process
from tests.simulation.scheduler import Crash, Scheduler, TrueClock
from worker.codec import Codec
from worker.deciding import Deciders, OwnThread
from worker.expiry import expire_due
from worker.intake import Limits, Reader
from worker.lease import Tenure
from worker.memory.broker import Published
from worker.memory.rows import AccountRow, AccountRows
from worker.memory.store import MemoryStore
from worker.ports import BrokerError
from worker.relay import Relay

EVENTS_KEPT = timedelta(days=7)
NOTICE = timedelta(seconds=20)
"""How long before its end a grant is announced."""
QUIET_WITHIN = 120.0
"""Simulated seconds in which everything has to be settled after the last fault has healed."""

Life = Callable[[Ports], None]


@dataclass
class Witness:
    """What was committed of an account at some moment: its newest entry's place and hash."""

    seq: int
    head: bytes


class World:
    """Everything there is under one seed."""

    def __init__(self, seed: int, messages: int, poisoned: bool = False) -> None:
        self.random = Random(seed)
        self.scheduler = Scheduler(self.random)
        self.clock = TrueClock(self.scheduler)
        # Seeds differ in their weather, from nearly calm to a storm.
        rates = Rates().times(self.random.choice((0.2, 1, 1, 3)))
        self.faults = Faults(self.random, rates)
        self.broker = LossyBroker(self.clock)
        self.store = MemoryStore(self.clock, self._wait_for_lock)
        self.store.settings.update(SETTINGS)
        self.load = Load(self.random, self._look_up, poisoned)
        self.messages = messages
        self.published = False
        self.journal: list[Committed] = []
        self.received: list[str] = []
        self.witnesses: dict[object, Witness] = {}
        self._decode = Codec().decode
        self._names = count(1)
        self._pending: list[bytes] = []
        self._seen = 0

    def run(self) -> None:
        """Publish everything among faults, heal, and wait until all is quiet."""
        relays = self.random.choice((1, 1, 2))
        lives: list[Life] = [self._publish, self._read, self._read, self._expire]
        for life in [*lives, *[self._relay] * relays]:
            self._start(life)
        for task in (self._disk, self._subscribe, self._disaster):
            self.scheduler.start(task)
        hours = max(3_600.0, self.messages * 10.0)
        if not self.scheduler.run(lambda: self.published, hours):
            raise Violation("I18: no progress among faults")
        ends_at = self.scheduler.seconds + self.random.random() * 3
        self.scheduler.run(lambda: self.scheduler.seconds > ends_at, 3)
        self._heal()
        if not self.scheduler.run(self._quiet, QUIET_WITHIN):
            raise Violation(f"I18, I13: not quiet after {QUIET_WITHIN:.0f} s: {self._leftovers()}")

    def _heal(self) -> None:
        """The last blow takes all that is not on the broker's disk; nothing fails after it."""
        self.broker.crash(self.broker.unsynced)
        self.faults.healed = True
        self.clock.wrong_by = timedelta(0)
        self.witnesses = {
            account_id: Witness(rows.account.seq, rows.account.head)
            for account_id, rows in self.store.accounts.items()
        }

    def _look_up(self, key: AccountKey) -> Found:
        rows = self.store.accounts.get(account_id(key))
        return look_up(rows or AccountRows(NIL, AccountRow(key)))

    def _quiet(self) -> bool:
        return not self.broker.backlog() and not any(self._leftovers().values())

    def _leftovers(self) -> dict[str, int]:
        return {
            "intake": self.broker.backlog(),
            "outbox": len(self.store.unsent(10, ())),
            "due": len(self.store.accounts_due(10, NOTICE)),
            "unread events": len(self._unread()),
        }

    def _unread(self) -> list[Published]:
        events = self.broker.events
        return events[bisect_right(events, self._seen, key=attrgetter("id")) :]

    # --- processes: each lives until it crashes or is told to stop, then a new one starts ---

    def _start(self, life: Life) -> None:
        self.scheduler.start(lambda: self._lives(life))

    def _lives(self, life: Life) -> None:
        while True:
            process = Process(self.scheduler, self.faults, self.random)
            ports = Ports(
                f"process {next(self._names)}",
                ProcessBroker(process, self.broker),
                ProcessStore(process, self.store, self.journal),
                ProcessClock(process),
            )
            with suppress(Crash):
                life(ports)
            self.scheduler.sleep(self.random.random() * 2)

    def _turns(self, turn: Callable[[], object]) -> Iterator[None]:
        """Turns of a loop until its process is told to stop, as in a rolling deploy."""
        while not self.faults.chance("graceful stop", 0.002):
            turn()
            yield

    def _read(self, ports: Ports) -> None:
        tenure = Tenure(ports.store, ports.clock, READER_LEASE, ports.name, LEASE_SECONDS)
        choose = self.random.choice
        limits = Limits(choose((1, 5, 20, 100)), choose((900, 4_000_000)), choose((0.0, 0.05)))
        reader = Reader(ports.broker, self._deciders(ports.store), ports.clock, tenure, limits)
        for _ in self._turns(lambda: reader.turn(0.2)):
            pass
        reader.stop()

    def _deciders(self, store: ProcessStore) -> Deciders:
        """The reader's own thread, or some processes."""
        number = self.random.choice((0, 1, 2, 3))
        if not number:
            return OwnThread(store, self._decode)

        def start() -> ProcessStore:
            return store.beside(Process(self.scheduler, self.faults, self.random))

        return SimulatedDeciders(number, self.scheduler, self.random, start, self._decode)

    def _relay(self, ports: Ports) -> None:
        tenure = Tenure(ports.store, ports.clock, RELAY_LEASE, ports.name, LEASE_SECONDS)
        relay = Relay(ports.broker, ports.store, ports.clock, tenure, EVENTS_KEPT)
        size = self.random.choice((1, 5, 100))
        for _ in self._turns(lambda: relay.turn(0.2, size)):
            pass
        relay.stop()

    def _expire(self, ports: Ports) -> None:
        while True:
            try:
                expire_due(ports.store, self.random.choice((1, 200)), NOTICE)
                ports.clock.sleep(self.random.random() * 10)
            except Transient:
                ports.clock.sleep(1.0)

    def _publish(self, ports: Ports) -> None:
        """An upstream system with an outbox of its own: sends until the broker is sure to keep."""
        while self._pending or self.messages > 0:
            if not self._pending:
                size = min(self.messages, self.random.choice((1, 5, 40)))
                self.messages -= size
                now = self.clock.now()
                self._pending = [self.load.message(now) for _ in range(size)]
            try:
                ports.broker.submit(self._pending)
                while not ports.broker.durable(0.2):
                    pass
                self._pending = []
                self.scheduler.sleep(self.random.random() * self.random.choice((0.1, 3)))
            except BrokerError:
                self.scheduler.sleep(0.1)
        self.published = True
        while True:
            self.scheduler.sleep(3_600)

    # --- servers, and whoever listens ---

    def _wait_for_lock(self) -> None:
        self.scheduler.sleep(0.01)
        if self.faults.chance("lock timeout", 0.005):
            raise Transient("simulated: lock timeout or deadlock")

    def _disk(self) -> None:
        while True:
            self.scheduler.sleep(self.random.random() * 2)
            self.broker.sync()

    def _subscribe(self) -> None:
        """A subscriber at the end of the stream; it also sees what the broker loses later."""
        while True:
            for event in self._unread():
                self._seen = event.id
                self.received.append(event.event)
            self.scheduler.sleep(self.random.random())

    def _disaster(self) -> None:
        """The broker crashes now and then, and the database's clock is set back a little."""
        while True:
            self.scheduler.sleep(self.random.random() * 10)
            if self.faults.chance("broker crash", 0.5):
                self.broker.crash(self.random.randint(0, self.broker.unsynced))
            if self.faults.chance("database clock set", 0.2):
                self.clock.wrong_by = timedelta(seconds=self.random.uniform(-2, 0))
