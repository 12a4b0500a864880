"""The three processes of an installation: worker, relay and beat. Each runs until SIGTERM."""

import logging
import signal
from threading import Event

from db.migrate import revisions
from worker import wiring
from worker.health import Pulse, listen
from worker.settings import Settings, SettingsError

RELAY_WAIT = 0.2
"""Seconds that the relay sleeps when nobody wakes it; only an expiry run goes unannounced."""


def run_worker(settings: Settings) -> None:
    """The Celery worker with the intake inside; returns after a warm shutdown."""
    _check_schema(settings)
    from worker.app import app  # noqa: PLC0415 - a second to import, and only this needs it

    # Threads, because psycopg's connections do not survive a fork.
    app.worker_main(
        [
            *("worker", "--pool", "threads", "--concurrency", "4", "--queues", "scrip.tasks"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
            *("--loglevel", "INFO"),
        ]
    )


def run_beat(settings: Settings) -> None:
    """Celery's beat: it only asks for expiry runs, so two of them or none do no harm."""
    _check_schema(settings)
    from worker.app import app  # noqa: PLC0415 - the same

    app.start(["beat", "--scheduler", "worker.beat:WatchedScheduler", "--loglevel", "INFO"])


def run_relay(settings: Settings) -> None:
    """The relay."""
    _check_schema(settings)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True
    )
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    pulse = Pulse(settings.watchdog_seconds)
    listen("relay", settings.health_host, settings.health_port, pulse)
    relay = wiring.relay(settings, stop, pulse)
    while not stop.is_set():
        relay.turn(RELAY_WAIT)
        pulse.moved()
    relay.stop()


def _check_schema(settings: Settings) -> None:
    current, newest = revisions(settings.database_url.get_secret_value())
    if current != newest:
        has = f"has revision {current}" if current else "is empty"
        raise SettingsError(
            f"the database {has}, and this release needs {newest}: run `scrip migrate` first"
        )
