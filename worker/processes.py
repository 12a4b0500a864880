"""The three processes of an installation: worker, relay and beat. Each runs until SIGTERM."""

import signal
from threading import Event

from db.roles import RELAY, WORKER
from worker import traces, wiring, wiring_books
from worker.health import Pulse, listen
from worker.log import set_up_logging
from worker.scrape import Scrape
from worker.settings import Settings
from worker.start import check_database, check_schema

RELAY_WAIT = 0.2
"""Seconds that the relay sleeps when nobody wakes it; only an expiry run goes unannounced."""


def run_worker(settings: Settings) -> None:
    """The Celery worker with the intake inside; returns after a warm shutdown."""
    set_up_logging(settings.log, settings.log_level)
    check_database(settings, WORKER)
    wiring_books.decoder(settings)  # so that keys which cannot be read end it here, with a sentence
    traces.wanted(settings)
    from worker.app import app  # noqa: PLC0415 - a second to import, and only this needs it

    # Threads, because psycopg's connections do not survive a fork.
    app.worker_main(
        [
            *("--quiet", "worker", "--queues", "scrip.tasks"),
            *("--pool", "threads", "--concurrency", "4"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
            *("--loglevel", "INFO"),
        ]
    )


def run_beat(settings: Settings) -> None:
    """Celery's beat: it only asks for expiry runs, so two of them or none do no harm."""
    set_up_logging(settings.log, settings.log_level)
    check_schema(settings)
    from worker.app import app  # noqa: PLC0415 - the same

    app.start(
        ["--quiet", "beat", "--scheduler", "worker.beat:WatchedScheduler", "--loglevel", "INFO"]
    )


def run_relay(settings: Settings) -> None:
    """The relay."""
    set_up_logging(settings.log, settings.log_level)
    check_database(settings, RELAY)
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    pulse = Pulse(settings.watchdog_seconds)
    scrape = Scrape(settings, "relay")
    listen("relay", settings.health_host, settings.health_port, pulse, scrape)
    relay = wiring.relay(settings, stop, pulse)
    while not stop.is_set():
        relay.turn(RELAY_WAIT)
        pulse.moved()
    relay.stop()
