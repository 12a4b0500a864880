"""Deciders as simulated processes: each goes at its own pace, and dies its own death."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from random import Random

from db.errors import LeaseLost, Transient
from db.values import Lease
from tests.simulation.scheduler import Crash, Scheduler
from worker.codec import Decode
from worker.deciding import OwnThread
from worker.ports import BrokerError, Delivery, Store

LOOK_EVERY = 0.005
"""Simulated seconds between two looks for an answer."""

Batch = tuple[Sequence[Delivery], Lease | None]
Answer = int | Exception
Start = Callable[[], Store]
"""Starts a process; returns the store as it reaches it."""


class SimulatedDecider:
    """Settles batches in order, beside everybody else."""

    def __init__(self, scheduler: Scheduler, start: Start, decode: Decode) -> None:
        self._scheduler, self._start, self._decode = scheduler, start, decode
        self._own = OwnThread(start(), decode)
        self._given: deque[Batch] = deque()
        self._at_work = self._failed = False
        self.answers: deque[Answer] = deque()
        self.unanswered = 0

    def give(self, batch: Batch) -> None:
        """Take a batch, and begin if there was none."""
        self._given.append(batch)
        self.unanswered += 1
        if not self._at_work:
            self._at_work = True
            self._scheduler.start(self._work)

    def begin_anew(self) -> None:
        """What was given before is forgotten."""
        self._failed = False
        self.unanswered = 0
        self.answers.clear()

    def _work(self) -> None:
        try:
            while self._given:
                self.answers.append(self._answer(self._given.popleft()))
        except Crash:
            # What it had is as good as skipped, and another one is started.
            self._own = OwnThread(self._start(), self._decode)
            self._failed = True
            self.answers.extend([Transient("a decider has ended")] * (1 + len(self._given)))
            self._given.clear()
        self._at_work = False

    def _answer(self, batch: Batch) -> Answer:
        if self._failed:
            return Transient("skipped")
        try:
            self._own.give(0, *batch)
            return self._own.settled()[1]
        except (Transient, LeaseLost, BrokerError) as error:
            self._failed = True
            return error


class SimulatedDeciders:
    """Implements `worker.deciding.Deciders`."""

    def __init__(
        self, count: int, scheduler: Scheduler, random: Random, start: Start, decode: Decode
    ) -> None:
        self._scheduler, self._random = scheduler, random
        self._deciders = [SimulatedDecider(scheduler, start, decode) for _ in range(count)]
        self.count = count

    def give(self, to: int, deliveries: Sequence[Delivery], lease: Lease | None) -> None:
        """See Deciders."""
        self._deciders[to].give((deliveries, lease))

    def settled(self) -> tuple[int, int]:
        """See Deciders."""
        while not (ready := [n for n, one in enumerate(self._deciders) if one.answers]):
            self._scheduler.sleep(LOOK_EVERY)
        number = self._random.choice(ready)
        answer = self._deciders[number].answers.popleft()
        self._deciders[number].unanswered -= 1
        if isinstance(answer, Exception):
            raise answer
        return number, answer

    def forget(self) -> None:
        """See Deciders."""
        while any(len(one.answers) < one.unanswered for one in self._deciders):
            self._scheduler.sleep(LOOK_EVERY)
        for one in self._deciders:
            one.begin_anew()

    def stop(self) -> None:
        """See Deciders."""
        self.forget()
