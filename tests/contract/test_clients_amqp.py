"""The client for RabbitMQ that people copy does what it says, on a whole installation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers.on_rabbitmq import EVENTS, EXCHANGE
from tests.contract.node import node_with, run_node
from tests.contract.test_clients import CLIENTS
from tests.rabbitmq.clients import Client
from tests.rabbitmq.installation import QUEUE, Outsider
from tests.rabbitmq.test_installation import QUICK
from worker import stack
from worker.embedded import Servers

CLIENT = CLIENTS / "credits_amqp.mjs"


@pytest.fixture(scope="module")
def node_modules() -> Path:
    return node_with("amqplib@2")


@pytest.fixture
def installation(
    database_url: str, rabbitmq_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Outsider]:
    """A worker and a relay on a RabbitMQ."""
    for name, value in QUICK.items():
        monkeypatch.setenv(name, value)
    with (
        Outsider(Servers(database_url, rabbitmq_url)) as outsider,
        stack.processes(outsider.servers, tmp_path, ("worker", "relay")),
    ):
        outsider.wait_for_reader()
        yield outsider


@pytest.mark.slow
def test_node_on_rabbitmq(node_modules: Path, installation: Outsider) -> None:
    url = installation.servers.broker_url
    printed = run_node(CLIENT, node_modules, "cus_node", BROKER_URL=url)
    (event,) = installation.client.events(QUEUE)
    assert event["data"]["customer"] == "cus_node"
    assert event["data"]["available"] == 500
    cause = event["data"]["cause"]["id"]
    assert printed == f"credit.balance_changed: 500 available after {cause}\n"


@pytest.mark.slow
def test_a_message_that_no_queue_takes_is_said(node_modules: Path, rabbitmq_url: str) -> None:
    client = Client(rabbitmq_url)
    for exchange in (EXCHANGE, EVENTS):
        client.channel.exchange_declare(exchange, "topic", durable=True, auto_delete=False)
    client.close()
    with pytest.raises(AssertionError, match="start scrip's worker first"):
        run_node(CLIENT, node_modules, "cus_node", BROKER_URL=rabbitmq_url)
