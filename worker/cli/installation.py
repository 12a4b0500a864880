"""The installation that a command works on: what DATABASE_URL and BROKER_URL name."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from db.engine import engine_for
from db.roles import WORKER
from worker import settings, wiring
from worker.settings import Settings
from worker.wiring import WiredBroker


@contextmanager
def database(chosen: Settings | None = None) -> Iterator[Engine]:
    """The database, for as long as the block runs."""
    url = (chosen or settings.load()).database_url.get_secret_value()
    engine = engine_for(url, role=WORKER)
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
