"""The usual worker: Celery on a Redis list and SQLAlchemy's ORM, a transaction for each message.

Nothing publishes its outbox, nothing expires its credit and nothing quarantines what it cannot
read: all that it does not do speaks for it in the comparison.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from db.engine import engine_for
from tests.benchmarks.celery_worker import celery_app
from tests.benchmarks.orm.credit import handle

app = celery_app("orm")


@cache
def sessions() -> sessionmaker[Session]:
    """Made on first use, so that no two processes of the pool share a connection."""
    url = engine_for(os.environ["DATABASE_URL"]).url
    return sessionmaker(create_engine(url, pool_size=1))


@app.task(name="orm", autoretry_for=(OperationalError,), retry_backoff=True)
def take(message: dict[str, Any]) -> None:
    """Acknowledged when it is committed."""
    with sessions().begin() as session:
        handle(session, message)
