"""`scrip demo` tells its story, and notices when it goes otherwise."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from amqp import Message, NotFound

from tests.brokers.on_rabbitmq import RabbitClient
from worker.cli.demo import DemoError, Stage
from worker.cli.demo_rabbitmq import EXCHANGES, QUEUES
from worker.cli.story import came_out
from worker.stack import ROOT, Process


def run_demo(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "worker.cli", "demo"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


@pytest.mark.slow
def test_the_story_comes_out_and_nothing_is_left(tmp_path: Path) -> None:
    done = run_demo(tmp_path, DATABASE_URL="postgresql://nowhere/x")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "-5.00 expired (short 5.00); 101.00 available" in done.stdout
    assert "What to try next" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_on_rabbitmq_too(rabbitmq_url: str, tmp_path: Path) -> None:
    """The one that BROKER_URL names, which has nothing of scrip's before and after."""
    done = run_demo(tmp_path, BROKER_URL=rabbitmq_url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "-5.00 expired (short 5.00); 101.00 available" in done.stdout
    client = RabbitClient(rabbitmq_url)
    for name in QUEUES:
        with pytest.raises(NotFound):
            client.waiting(name)
    for name in EXCHANGES:
        with client.connection.channel() as channel, pytest.raises(NotFound):
            channel.exchange_declare(name, "topic", passive=True)
    client.close()


def test_a_rabbitmq_that_scrip_uses_is_left_alone(rabbitmq_url: str, tmp_path: Path) -> None:
    client = RabbitClient(rabbitmq_url)
    client.channel.queue_declare("credits.in", durable=True, auto_delete=False)
    client.channel.basic_publish(Message(b"real money"), "", "credits.in")
    done = run_demo(tmp_path, BROKER_URL=rabbitmq_url)
    assert done.returncode == 2
    assert "has credits.in already" in done.stderr
    assert "rabbitmqctl add_vhost demo && rabbitmqctl set_permissions" in done.stderr
    assert client.waiting("credits.in") == 1
    client.close()


def test_a_rabbitmq_that_is_not_there_is_said(tmp_path: Path) -> None:
    done = run_demo(tmp_path, BROKER_URL="amqp://ann:secret@127.0.0.1:1//")
    assert done.returncode == 2
    assert "Start it, or unset BROKER_URL" in done.stderr
    assert "secret" not in done.stderr


def test_a_process_that_died_is_told_with_its_log(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with log.open("wb") as written:
        dead = Process("worker", {**os.environ, "PYTHONPATH": "/nowhere"}, written)
        dead.start()
        dead.signal(signal.SIGKILL)
        written.write(b"the last words\n")
    stage = Stage(None, None, {"worker": dead}, tmp_path)  # type: ignore[arg-type]
    try:
        with pytest.raises(DemoError, match=r"the worker ended with -9\n.* \| the last words"):
            stage.wait_until(lambda: False, "ever")
    finally:
        dead.stop()


def test_another_outcome_is_not_the_story() -> None:
    state = {"accounts": [{"available": 5, "ledger": []}], "outcomes": [], "quarantined": []}
    told = came_out(state, [])
    assert [sentence.split(":")[0] for sentence in told] == [
        "ledger", "available", "refused", "repeats", "quarantine", "events"
    ]  # fmt: skip
