"""What only RabbitMQ has: anybody's messages, channels that end, dead letters, bound queues."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import pairwise
from threading import Timer
from typing import Any

import pytest
from amqp import PreconditionFailed

from tests.end_to_end.outsider import wait_for
from tests.rabbitmq.clients import Client
from worker.amqp_broker import AmqpBroker
from worker.amqp_topology import DELIVERIES_MAX, INTAKE, INTAKE_ARGUMENTS
from worker.ports import BrokerError, Delivery

Open = Callable[[], AmqpBroker]


@pytest.fixture
def open_broker(rabbitmq_url: str) -> Iterator[Open]:
    with ExitStack() as opened:

        def one_more() -> AmqpBroker:
            broker = AmqpBroker(rabbitmq_url)
            opened.callback(broker.close)
            broker.backlog()
            broker.publish([])
            return broker

        yield one_more


@pytest.fixture
def broker(open_broker: Open) -> AmqpBroker:
    return open_broker()


@pytest.fixture
def client(rabbitmq_url: str, broker: AmqpBroker) -> Iterator[Client]:
    """Connected when everything is declared."""
    connected = Client(rabbitmq_url)
    yield connected
    connected.close()


def take(broker: AmqpBroker, number: int) -> list[Delivery]:
    """So many, from the oldest on."""
    ends_at = time.monotonic() + 10
    while len(taken := broker.read(None, number, 0.2)) < number and time.monotonic() < ends_at:
        pass
    return taken


def cut(broker: AmqpBroker) -> None:
    """What a network does."""
    broker._connection.sock.shutdown(socket.SHUT_RDWR)


STRANGE: list[dict[str, Any]] = [
    {},
    {"content_type": "text/html"},
    {"content_type": b"\xff\xfe"},
    {"content_encoding": "gzip"},
    {"content_encoding": "no such thing"},
    {"application_headers": {"compression": "application/x-gzip"}},
    {"application_headers": {b"\xff": b"\xff"}},
    {"content_type": "application/x-python-serialize", "content_encoding": "binary"},
    {"timestamp": 2**64 - 1, "priority": 9, "message_id": b"\xe9", "reply_to": "x"},
]


@pytest.mark.parametrize("properties", STRANGE, ids=str)
def test_bodies_are_bytes_whatever_the_publisher_says_about_them(
    broker: AmqpBroker, client: Client, properties: dict[str, Any]
) -> None:
    """Nothing is decoded, so nothing in a message can end the connection."""
    client.publish(b'{"a":1}', b"\x1f\x8b\xff", **properties)
    assert [delivery.body for delivery in take(broker, 2)] == [b'{"a":1}', b"\x1f\x8b\xff"]


def test_bodies_of_every_size(broker: AmqpBroker, client: Client) -> None:
    """Frames are 128 KiB long at most."""
    sizes = [0, 1, 131_064, 131_065, 300_000, 5_000_000]
    client.publish(*(b"x" * size for size in sizes))
    assert [len(delivery.body) for delivery in take(broker, len(sizes))] == sizes


def test_a_lost_connection_is_said_and_then_it_begins_with_the_oldest(broker: AmqpBroker) -> None:
    broker.submit([b"one", b"two", b"three"])
    before = take(broker, 3)
    broker.acknowledge([before[0].id])
    cut(broker)
    with pytest.raises(BrokerError):
        broker.read(None, 3, 1.0)
    after = take(broker, 2)
    assert [delivery.body for delivery in after] == [b"two", b"three"]
    assert after[0].id > before[-1].id
    broker.acknowledge([delivery.id for delivery in before])
    assert take(broker, 2) == after


def test_a_frozen_reader_keeps_its_successor_waiting(open_broker: Open) -> None:
    """Else the successor would be given what lies behind the messages of the other."""
    frozen, successor = open_broker(), open_broker()
    frozen.submit([b"one", b"two"])
    assert len(take(frozen, 2)) == 2
    assert successor.read(None, 10, 0.2) == []
    frozen.submit([b"three"])
    assert successor.read(None, 10, 0.2) == []
    cut(frozen)
    assert [delivery.body for delivery in take(successor, 3)] == [b"one", b"two", b"three"]


@pytest.mark.slow
def test_a_frozen_reader_is_given_up_by_its_heartbeats(open_broker: Open) -> None:
    """And can do nothing any more when it wakes up."""
    frozen, successor = open_broker(), open_broker()
    frozen.submit([b"one", b"two"])
    held = take(frozen, 2)
    began = time.monotonic()
    while not (taken := successor.read(None, 2, 1.0)) and time.monotonic() - began < 30:
        pass
    assert [delivery.body for delivery in taken] == [b"one", b"two"]
    with suppress(BrokerError):  # it may not have noticed yet
        frozen.acknowledge([delivery.id for delivery in held])
    with suppress(BrokerError):
        assert frozen.read(None, 2, 1.0) == []
    assert successor.read(None, 2, 0.1) == taken


def test_the_order_survives_any_number_of_readers(open_broker: Open) -> None:
    """Each gets some way, and gives back or is cut off, while messages keep coming."""
    chance = random.Random(7)
    publisher, readers = open_broker(), [open_broker() for _ in range(3)]
    sent, decided = 0, []
    for turn in range(60):
        publisher.submit([b"%d" % number for number in range(sent, sent + 50)])
        sent += 50
        reader = readers[turn % 3]
        taken = take(reader, chance.randrange(1, 100))
        some = taken[: chance.randrange(len(taken) + 1)]
        decided += [int(delivery.body) for delivery in some]
        reader.acknowledge([delivery.id for delivery in some])
        if chance.random() < 0.5:
            reader.give_back()
        else:
            reader.backlog()  # a round trip: the acknowledgement has arrived
            reader._drop()
    assert decided == list(range(len(decided)))
    left = sent - len(decided)
    wait_for("what the last one held", lambda: publisher.backlog() == left)


def test_what_was_rejected_comes_as_a_dead_letter(broker: AmqpBroker, client: Client) -> None:
    """By an operator with a client of his own, say."""
    client.publish(b"dead")
    client.reject("credits.in", requeue=False)
    [delivery] = take(broker, 1)
    assert delivery.body == b"dead"
    assert delivery.given_up == "dead letter: the broker gave this message up (rejected)"
    broker.acknowledge([delivery.id])
    broker.give_back()
    wait_for("an empty queue", lambda: broker.backlog() == 0)


def test_a_message_that_is_too_deadly_is_given_up(broker: AmqpBroker, client: Client) -> None:
    """A hundred readers died of it; the one behind it goes on."""
    client.publish(b"deadly", b"good")
    assert {client.reject("credits.in", requeue=True) for _ in range(101)} == {b"deadly"}
    found = {delivery.body: delivery.given_up for delivery in take(broker, 2)}
    assert found[b"good"] is None
    assert "delivery_limit" in str(found[b"deadly"])


@pytest.mark.parametrize("limit", [None, DELIVERIES_MAX - 1])
def test_the_delivery_limit_is_declared(
    broker: AmqpBroker, client: Client, limit: int | None
) -> None:
    """RabbitMQ has a default of its own from 4.0 on, and before it none."""
    other = {**INTAKE_ARGUMENTS, "x-delivery-limit": limit}
    arguments = {name: value for name, value in other.items() if value is not None}
    with pytest.raises(PreconditionFailed, match=r"x-delivery-limit.*'100'"):
        client.channel.queue_declare(INTAKE, durable=True, auto_delete=False, arguments=arguments)


def test_a_message_that_no_queue_takes_is_an_error(broker: AmqpBroker, client: Client) -> None:
    broker.submit([b"one"])
    client.channel.queue_unbind("credits.in", "credits", "#")
    with pytest.raises(BrokerError):
        broker.submit([b"two"])


def test_subscribers_get_what_they_bound_in_order_and_persistent(
    broker: AmqpBroker, client: Client
) -> None:
    client.subscribe("all")
    client.subscribe("changes", key="credit.balance_changed")
    kinds = ["credit.balance_changed", "invoice.credited"]
    events = [f'{{"id":"{n}","type":"{kinds[n % 2]}"}}' for n in range(5_000)]
    broker.publish(events)
    received = client.take("all")
    assert [message.body.decode() for message in received] == events
    assert {message.properties["delivery_mode"] for message in received} == {2}
    assert [message.body.decode() for message in client.take("changes")] == events[::2]
    for queue in ("all", "changes"):
        client.channel.queue_delete(queue)


def test_an_acknowledgement_wakes_the_relay(open_broker: Open) -> None:
    reader, relay = open_broker(), open_broker()
    relay.wait_for_work(0)
    reader.submit([b"one"])
    [delivery] = take(reader, 1)
    later = Timer(0.1, lambda: reader.acknowledge([delivery.id]))
    later.start()
    began = time.monotonic()
    relay.wait_for_work(10)
    assert time.monotonic() - began < 5
    later.join()


def test_ids_rise_over_connections(broker: AmqpBroker) -> None:
    """The reader's cursor is a text."""
    ids = []
    for _ in range(12):
        broker.submit([b"x"])
        ids.append(take(broker, 1)[0].id)
        broker.give_back()
    assert all(one < other for one, other in pairwise(ids))
