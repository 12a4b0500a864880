"""Celery's scheduler, with a pulse."""

from typing import Any

from celery.beat import Scheduler

from worker import settings
from worker.health import BROKER, REACHED_WITHIN, Pulse, listen


class WatchedScheduler(Scheduler):
    """The plain scheduler: it keeps no file, and nothing here needs one.

    Between two runs it sleeps and meets nobody, so it may be still, and out of touch, for
    that much longer than the others.
    """

    def setup_schedule(self) -> None:
        """Called once, when beat begins."""
        super().setup_schedule()
        chosen = settings.load()
        sleeps = chosen.expiry_seconds
        self._pulse = Pulse(
            sleeps + chosen.watchdog_seconds, frozenset({BROKER}), sleeps + REACHED_WITHIN
        )
        listen("beat", chosen.health_host, chosen.health_port, self._pulse)

    def tick(self, *arguments: Any, **options: Any) -> float:
        """One turn of beat's loop; returns how long it may sleep."""
        self._pulse.moved()
        sleeps: float = super().tick(*arguments, **options)
        return sleeps

    def apply_async(self, *arguments: Any, **options: Any) -> Any:
        """Ask for a run."""
        asked = super().apply_async(*arguments, **options)
        self._pulse.reached(BROKER)
        return asked
