"""What is usual: a Celery worker, with a task for each message. This one does nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any

from celery import Celery

from tests.benchmarks.installation import Installation
from tests.end_to_end.outsider import wait_for
from worker import stack

QUEUE = "noop"

app = Celery("noop", broker=os.environ.get("BROKER_URL"), set_as_current=False)
app.conf.update(
    task_default_queue=QUEUE,
    task_acks_late=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=4,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
)


@app.task(name="noop")
def noop(message: dict[str, Any]) -> None:
    """Does nothing with it."""


def per_second(on: Installation, messages: list[dict[str, Any]]) -> float:
    """Tasks a second, from the first one taken to the last one acknowledged."""
    url = on.servers.broker_url
    _publish(url, messages)
    command = [sys.executable, "-m", "celery", "-A", "tests.benchmarks.noop", "worker"]
    options = ["--pool", "prefork", "--concurrency", "2", "--loglevel", "ERROR"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    environment = {**os.environ, "BROKER_URL": url, "PYTHONPATH": str(stack.ROOT)}
    worker = subprocess.Popen(
        [*command, *options, *quiet],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for("the first task", lambda: on.client.tasks_left(QUEUE) < len(messages), 60)
        began = time.perf_counter()
        wait_for("the last task", lambda: not on.client.tasks_left(QUEUE), 300)
        return len(messages) / (time.perf_counter() - began)
    finally:
        worker.terminate()
        worker.wait()


def _publish(url: str, messages: list[dict[str, Any]]) -> None:
    with (
        Celery("producer", broker=url, set_as_current=False) as producer,
        producer.producer_pool.acquire() as publisher,
    ):
        for message in messages:
            producer.send_task("noop", args=[message], queue=QUEUE, producer=publisher)
