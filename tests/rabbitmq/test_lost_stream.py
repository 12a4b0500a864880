"""A stream that RabbitMQ cannot find back to after a crash does not hold subscribers up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from amqp.exceptions import NotFound

from tests.end_to_end.outsider import wait_for
from tests.rabbitmq.clients import Client
from tests.rabbitmq.node import MISSING
from tests.rabbitmq.server import RabbitMQ, programs
from worker.amqp_broker import AmqpBroker
from worker.amqp_topology import KEPT, Keep
from worker.cli.doctor_rabbitmq import rabbitmq_checks
from worker.ports import BrokerError
from worker.stack import ROOT

REMEDY = re.search(r"`(rabbitmqctl eval .+?)`", (ROOT / "worker/RABBITMQ.md").read_text(), re.S)
"""What the page tells an administrator to do."""


@pytest.fixture
def node(tmp_path: Path) -> Iterator[RabbitMQ]:
    """Killed before it had its first stream in its index."""
    if programs() is None:
        pytest.skip(MISSING)
    rabbitmq = RabbitMQ(tmp_path / "rabbitmq")
    rabbitmq.start()
    with closing(AmqpBroker(rabbitmq.url)) as broker:
        broker.publish(["one"])
        rabbitmq.kill()
    rabbitmq.start()
    yield rabbitmq
    rabbitmq.stop()


def is_back(client: Client) -> bool:
    with suppress(NotFound):
        client.waiting(KEPT)
        return True
    return False


@pytest.mark.slow
def test_subscribers_go_on(node: RabbitMQ) -> None:
    with closing(AmqpBroker(node.url)) as broker, closing(Client(node.url)) as client:
        if is_back(client):
            pytest.skip("this RabbitMQ finds back to its streams")
        with pytest.raises(BrokerError, match="no queue is bound"):
            broker.publish(["two"])
        client.subscribe("mine")
        broker.publish(["three"])
        assert [message.body for message in client.take("mine")] == [b"three"]
        with pytest.raises(NotFound, match="down or inaccessible"):
            client.waiting(KEPT)
        told = {finding.subject: finding for finding in rabbitmq_checks(node.url, Keep())}
        assert "has no leader" in told["kept events"].words
        assert REMEDY
        node.administer(REMEDY.group(1))
        broker.close()
        broker.publish(["four"])
        wait_for("it", lambda: client.waiting(KEPT))
