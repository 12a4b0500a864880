"""Celery workers as they usually are: a task for each message, in a pool of processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from celery import Celery

from tests.brokers.client import Client
from tests.end_to_end.outsider import wait_for
from worker import stack

POOLS = (1, 2)
"""Processes in the pool; the better of them counts."""

SECONDS_MAX = 600


def celery_app(name: str) -> Celery:
    """An app with one queue and one task of the same name, acknowledged when it is done."""
    app = Celery(name, broker=os.environ.get("BROKER_URL"), set_as_current=False)
    app.conf.update(
        task_default_queue=name,
        task_acks_late=True,
        task_ignore_result=True,
        worker_prefetch_multiplier=4,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
    )
    return app


def tasks_per_second(
    module: str,
    processes: int,
    messages: Sequence[dict[str, Any]],
    client: Client,
    urls: Mapping[str, str],
) -> float:
    """Of tasks that all waited before: from when a tenth is done to the last one acknowledged.

    The app in the module has the queue and the task of its own name.
    """
    name = module.removesuffix(".worker").rpartition(".")[2]
    _publish(name, urls["BROKER_URL"], messages)
    command = [sys.executable, "-m", "celery", "-A", module, "worker", "--pool", "prefork"]
    options = ["--concurrency", str(processes), "--loglevel", "ERROR"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    worker = subprocess.Popen(
        [*command, *options, *quiet],
        env={**os.environ, **urls, "PYTHONPATH": str(stack.ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:

        def left() -> int:
            assert worker.poll() is None, f"{module} ended with exit code {worker.returncode}"
            return client.tasks_left(name)

        wait_for("the first tasks", lambda: left() < 0.9 * len(messages), SECONDS_MAX)
        at_first, began = left(), time.perf_counter()
        wait_for("the last task", lambda: not left(), SECONDS_MAX)
        return at_first / (time.perf_counter() - began)
    finally:
        worker.terminate()
        worker.wait()


def _publish(name: str, url: str, messages: Sequence[dict[str, Any]]) -> None:
    with (
        Celery("producer", broker=url, set_as_current=False) as producer,
        producer.producer_pool.acquire() as publisher,
    ):
        for message in messages:
            producer.send_task(name, args=[message], queue=name, producer=publisher)
