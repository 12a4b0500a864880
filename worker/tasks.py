"""The Celery tasks. Neither decides anything about money."""

import json
from datetime import timedelta
from functools import lru_cache
from typing import Any

from celery import shared_task

from db.store import PostgresStore
from worker import metrics, settings, wiring, wiring_books
from worker.closings import close_due
from worker.expiry import expire_due
from worker.log import log
from worker.submit import submit


@lru_cache
def _store() -> PostgresStore:
    return wiring_books.store(settings.load())


@shared_task(name="scrip.expire")
def expire() -> None:
    """Expire what is due (R3). Safe to run late, twice, or at the same time as another."""
    notice = timedelta(days=settings.load().expiring_days)
    entries = expire_due(_store(), notice=notice)
    metrics.expiry_entries.inc(entries)
    metrics.expiry_last_run.set_to_current_time()
    if entries:
        log.info("expired", entries=entries)


@shared_task(name="scrip.close")
def close() -> None:
    """Close ledgers that have grown. Safe to run late, twice, or at the same time as another."""
    made = close_due(_store().engine)
    metrics.closings.inc(made)
    if made:
        log.info("closed", closings=made)


@shared_task(name="credits.submit", ignore_result=False)
def submit_credits(event: dict[str, Any] | str, signature: str | None = None) -> dict[str, Any]:
    """Put a CloudEvent on the intake and return its receipt.

    It never decides anything. A signature is over the event's bytes, so a signed event comes as
    text. After a time-out the outcome is unknown: send again with the same id, and the receipt of
    the first one comes back.
    """
    chosen = settings.load()
    raw = (event if isinstance(event, str) else json.dumps(event)).encode()
    broker = wiring.broker(chosen)
    decode, seconds = wiring_books.decoder(chosen), chosen.submit_seconds
    try:
        return submit(raw, broker, _store().engine, decode, seconds, signature)
    finally:
        broker.close()
