"""Everything on RabbitMQ: worker, relay and beat as processes, plain AMQP outside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from tests.end_to_end.messages import event, grant, mixed
from tests.end_to_end.outsider import wait_for
from tests.producing import producer
from tests.rabbitmq.installation import Outsider
from tests.rabbitmq.server import RabbitMQ
from worker import stack
from worker.amqp_broker import AmqpBroker
from worker.amqp_topology import DELIVERIES_MAX, KEPT
from worker.embedded import Servers

CUSTOMERS = [f"cus{number}" for number in range(150)]
QUICK = {"SCRIP_LEASE_SECONDS": "1", "SCRIP_EXPIRY_SECONDS": "1", "SCRIP_SUBMIT_SECONDS": "5"}


@pytest.fixture
def outsider(
    database_url: str, rabbitmq_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Outsider]:
    for name, value in QUICK.items():
        monkeypatch.setenv(name, value)
    with Outsider(Servers(database_url, rabbitmq_url)) as outsider:
        yield outsider


def test_kill_9_in_mid_load_loses_nothing(outsider: Outsider, tmp_path: Path) -> None:
    load = mixed(CUSTOMERS, 4_000)
    with stack.processes(outsider.servers, tmp_path, ("worker", "relay")) as processes:
        outsider.wait_for_reader()
        publishing = outsider.publishing(load)
        for share in (1_000, 2_000, 3_000):
            outsider.wait_for_receipts(share)
            processes["worker"].kill()
            processes["worker"].start()
        outsider.wait_until_quiet(len(load))
        publishing.join()
    assert outsider.violations(load) == []


def test_a_broker_that_is_killed_has_lost_nothing(
    outsider: Outsider, rabbitmq: RabbitMQ | str, tmp_path: Path
) -> None:
    """Publishers, reader, relay and Celery find back to it by themselves."""
    if isinstance(rabbitmq, str):
        pytest.skip("the broker is not ours to kill")
    load = mixed(CUSTOMERS, 5_000)
    with stack.processes(outsider.servers, tmp_path, ("worker", "relay")) as processes:
        outsider.wait_for_reader()
        publishing = outsider.publishing(load)
        outsider.wait_for_receipts(1_000)
        wait_for("the stream of events", lambda: outsider.client.waiting(KEPT))
        wait_for("the index of queues", rabbitmq.remembers_its_queues)
        rabbitmq.kill()
        rabbitmq.start()
        outsider.client.close()  # it connects again
        outsider.wait_until_quiet(len(load))
        publishing.join()
        assert processes["worker"].exit_code is None
    assert outsider.violations(load) == []


def test_dead_letters_and_rubbish_go_to_quarantine(outsider: Outsider, tmp_path: Path) -> None:
    broker = AmqpBroker(outsider.servers.broker_url)
    broker.backlog()
    broker.close()
    outsider.client.publish(grant("ann", 1))
    outsider.client.reject("credits.in", requeue=False)
    outsider.client.publish(b"\xff rubbish", grant("ann", 2), content_type=b"\xff")
    with stack.processes(outsider.servers, tmp_path, ("worker",)):
        wait_for("the quarantine", lambda: outsider.count("quarantine") == 2)
        wait_for("the good one", lambda: outsider.ask("SELECT balance FROM balance") == [(2,)])
    reasons = [reason for (reason,) in outsider.ask("SELECT reason FROM quarantine ORDER BY 1")]
    assert "(rejected)" in reasons[0]
    assert "UTF-8" in reasons[1]
    assert outsider.client.waiting("credits.dead") == 0


def test_a_message_past_the_delivery_limit_ends_in_quarantine(
    outsider: Outsider, tmp_path: Path
) -> None:
    """By way of the dead letters, whole and with its reason; the one behind it is decided."""
    broker = AmqpBroker(outsider.servers.broker_url)
    broker.backlog()
    broker.close()
    deadly = grant("ann", 1)
    outsider.client.publish(deadly, grant("ann", 2))
    for _ in range(DELIVERIES_MAX + 1):
        assert outsider.client.reject("credits.in", requeue=True) == deadly
    wait_for("the dead letter", lambda: outsider.client.waiting("credits.dead") == 1)
    with stack.processes(outsider.servers, tmp_path, ("worker",)):
        wait_for("the quarantine", lambda: outsider.count("quarantine") == 1)
        wait_for("the good one", lambda: outsider.ask("SELECT balance FROM balance") == [(2,)])
    [(raw, reason)] = outsider.ask("SELECT raw, reason FROM quarantine")
    assert raw == deadly
    assert "delivery_limit" in reason
    assert outsider.client.backlog() == 0


def test_credits_submit_answers_over_rabbitmq(outsider: Outsider, tmp_path: Path) -> None:
    """A producer that speaks Celery; and beat's expiry runs go the same way."""
    url = outsider.servers.broker_url
    with (
        stack.processes(outsider.servers, tmp_path),
        producer(url, "rpc://") as app,
    ):
        outsider.wait_for_reader()
        told = _submitted(app, grant("sub", 500))
        assert told.items() >= {"outcome": "applied", "seq_first": 1}.items()
        told = _submitted(app, event("credit.deduct", "poor", amount=1))
        assert told["reason"] == "insufficient_credit"


def _submitted(app: Celery, message: bytes) -> Any:
    task = app.send_task("credits.submit", args=[json.loads(message)], queue="scrip.tasks")
    return task.get(timeout=15)
