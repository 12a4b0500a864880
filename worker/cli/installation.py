"""The installation that a command works on: what DATABASE_URL and BROKER_URL name."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from worker import settings, wiring, wiring_books
from worker.settings import Settings
from worker.wiring import WiredBroker


@contextmanager
def database(chosen: Settings | None = None) -> Iterator[Engine]:
    """The database, for as long as the block runs."""
    engine = wiring_books.store(chosen or settings.load()).engine
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def broker(chosen: Settings | None = None) -> Iterator[WiredBroker]:
    """The broker, for as long as the block runs."""
    opened = wiring.broker(chosen or settings.load())
    try:
        yield opened
    finally:
        opened.close()
