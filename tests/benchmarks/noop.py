"""What a queue costs by itself: a Celery worker whose task does nothing."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.celery_worker import celery_app

app = celery_app("noop")


@app.task(name="noop")
def noop(message: dict[str, Any]) -> None:
    """Does nothing with it."""
