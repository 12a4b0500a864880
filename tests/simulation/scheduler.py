"""One thread, many tasks, and a clock of its own: who runs next is drawn from the seed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
STEP_SECONDS = 0.002
"""What a port call takes on average."""


class Crash(BaseException):
    """Ends a process at once; no handler for errors may catch it."""


class Task:
    """Something that runs until it waits."""

    def __init__(self, run: Callable[[], None], wakes_at: float, parent: Any) -> None:
        self.greenlet = greenlet(run, parent)
        self.wakes_at = wakes_at


class Scheduler:
    """Runs tasks one at a time and lets simulated time pass between them."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._hub = getcurrent()
        self._tasks: list[Task] = []
        self._current: Task | None = None
        self.seconds = 0.0
        self.steps = 0

    @property
    def now(self) -> datetime:
        """The true time of the simulated world."""
        return BEGINNING + timedelta(seconds=self.seconds)

    def start(self, run: Callable[[], None], after: float = 0.0) -> None:
        """Add a task; it ends when its function returns."""
        self._tasks.append(Task(run, self.seconds + after, self._hub))

    def sleep(self, seconds: float) -> None:
        """Called by a task: let the others run for so long, at least for a step."""
        assert self._current is not None, "only tasks sleep"
        self._current.wakes_at = self.seconds + seconds
        self._hub.switch()

    def run(self, until: Callable[[], bool], seconds: float) -> bool:
        """Run the tasks until something is so; False when it is not in time."""
        ends_at = self.seconds + seconds
        while not until():
            if self.seconds > ends_at:
                return False
            self._step()
        return True

    def _step(self) -> None:
        ready = [task for task in self._tasks if task.wakes_at <= self.seconds]
        if not ready:
            first = min(self._tasks, key=lambda task: task.wakes_at)
            self.seconds, ready = first.wakes_at, [first]
        task = ready[int(self._random.random() * len(ready))]
        self.steps += 1
        self.seconds += self._random.random() * 2 * STEP_SECONDS
        self._current = task
        task.greenlet.switch()
        if task.greenlet.dead:
            self._tasks.remove(task)


class TrueClock:
    """The clock of the servers: true time, except that somebody sets it back now and then."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self.wrong_by = timedelta(0)

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return self._scheduler.seconds

    def now(self) -> datetime:
        """The wall clock."""
        return self._scheduler.now + self.wrong_by

    def sleep(self, seconds: float) -> None:
        """Let the others run."""
        self._scheduler.sleep(seconds)
