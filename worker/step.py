"""The intake inside a Celery worker: a bootstep with a thread of its own.

The thread has its own connections and owes nothing to Celery's event loop. It drains on SIGTERM:
what is in hand is committed and acknowledged. A thread that dies or stands still takes
the process with it, because a worker that looks alive and reads nothing is the worst kind.
"""

import os
from threading import Event, Thread
from typing import Any

from celery import bootsteps

from worker import settings, wiring
from worker.garbage import collect_rarely
from worker.health import Pulse, listen
from worker.log import log
from worker.scrape import Scrape

EX_SOFTWARE = 70
WAIT = 1.0
"""Seconds that one turn waits for messages; also how long SIGTERM may wait for the thread."""

STOP_SECONDS_MAX = 60.0


class IntakeThread:
    """Runs the reader until told to stop, and watches that it does."""

    def __init__(self) -> None:
        self._settings = settings.load()
        self._stop = Event()
        self._pulse = Pulse(self._settings.watchdog_seconds)
        self._reader = Thread(target=self._read, name="scrip-intake", daemon=True)
        self._watchdog = Thread(target=self._watch, name="scrip-watchdog", daemon=True)

    def start(self) -> None:
        """Begin reading."""
        collect_rarely()
        self._reader.start()
        self._watchdog.start()
        chosen, scrape = self._settings, Scrape(self._settings, "worker")
        listen("worker", chosen.health_host, chosen.health_port, self._pulse, scrape)

    def stop(self) -> None:
        """Finish what is in hand, then end."""
        self._stop.set()
        self._reader.join(STOP_SECONDS_MAX)

    def _read(self) -> None:
        reader = wiring.reader(self._settings, self._stop, self._pulse)
        while not self._stop.is_set():
            reader.turn(WAIT)
            self._pulse.moved()
        reader.stop()

    def _watch(self) -> None:
        while not self._stop.wait(1.0):
            if not self._reader.is_alive():
                self._end("the reader has died")
            if not self._pulse.is_live():
                self._end(f"the reader has not moved for {self._pulse.still():.0f} s")

    def _end(self, why: str) -> None:
        log.error("ending the worker", why=why)
        os._exit(EX_SOFTWARE)


class IntakeStep(bootsteps.StartStopStep):
    """Starts the thread behind the pool and stops it before anything that it could need."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._thread: IntakeThread | None = None

    def start(self, parent: Any) -> None:
        """Called by Celery when the worker, our parent, starts."""
        del parent
        self._thread = IntakeThread()
        self._thread.start()

    def stop(self, parent: Any) -> None:
        """Called by Celery on SIGTERM."""
        del parent
        if self._thread is not None:
            self._thread.stop()
            self._thread = None

    terminate = stop
