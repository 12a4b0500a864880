"""A Python producer that speaks Celery, and leaves no connection open behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import Celery
from kombu import pools


@contextmanager
def producer(broker_url: str, backend: str) -> Iterator[Celery]:
    """Celery closes neither what it sends with nor what it hears its answers on."""
    with Celery("billing", broker=broker_url, backend=backend, set_as_current=False) as app:
        yield app
        answers: Any = app.backend
        answers.result_consumer.stop()
        if not backend.startswith("rpc"):
            answers.client.close()
            answers.client.connection_pool.disconnect()
        pools.reset()
