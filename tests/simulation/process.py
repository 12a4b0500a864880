"""A simulated process: it can be stopped, and it can die at any call that leaves it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import TypeVar

from tests.simulation.faults import Faults
from tests.simulation.scheduler import Crash, Scheduler

T = TypeVar("T")

LEASE_SECONDS = 5.0


class Process:
    """What one process lives through: switches, faults, its wrong clock, its death."""

    def __init__(self, scheduler: Scheduler, faults: Faults, random: Random) -> None:
        self.scheduler, self.faults, self.random = scheduler, faults, random
        self.dead = False
        self.clock_ahead = 0.0
        self.wall_wrong = timedelta(0)

    def call(self, action: Callable[[], T], error: type[Exception]) -> T:
        """Carry a port call out, unless fate has it otherwise."""
        if self.dead:
            raise Crash
        self.scheduler.sleep(0)
        fault = self.faults.at_call()
        if fault is None:
            return action()
        if fault == "stop":
            self.scheduler.sleep(self.random.random() * 3 * LEASE_SECONDS)
        elif fault == "clock_jump":
            self._jump()
        elif fault == "not_done":
            raise error("simulated: not done")
        elif fault == "crash" and self.random.random() < 0.5:
            self.die()
        result = action()
        if fault == "crash":
            self.die()
        if fault == "lost_reply":
            raise error("simulated: done, but the reply is lost")
        return result

    def die(self) -> None:
        """Lose everything in memory."""
        self.dead = True
        raise Crash

    def _jump(self) -> None:
        self.clock_ahead += self.random.random() * 2 * LEASE_SECONDS
        self.wall_wrong = timedelta(seconds=self.random.uniform(-1e6, 1e6))
