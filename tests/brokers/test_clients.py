"""The harnesses' clients agree with scrip's adapters about what lies on a broker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

import pytest

from tests.brokers.client import Client, Odd, publish_surely
from tests.brokers.kinds import KINDS
from tests.brokers.on_rabbitmq import SUBSCRIBER, RabbitClient
from tests.end_to_end.outsider import wait_for
from worker.amqp_broker import AmqpBroker
from worker.ports import Broker
from worker.redis_broker import RedisBroker

ADAPTERS = {"redis": RedisBroker, "rabbitmq": AmqpBroker}
URLS = {"redis": "broker_url", "rabbitmq": "rabbitmq_url"}


class Sides(NamedTuple):
    inside: Broker
    outside: Client


@pytest.fixture(params=KINDS)
def sides(request: pytest.FixtureRequest) -> Iterator[Sides]:
    url: str = request.getfixturevalue(URLS[request.param])
    outside = KINDS[request.param].connect(url)
    with closing(ADAPTERS[request.param](url)) as inside, closing(outside):
        outside.follow()
        inside.read(None, 1, 0.0)  # declares what it needs
        wait_for("a reader", outside.is_read)
        yield Sides(inside, outside)
        if isinstance(outside, RabbitClient):
            outside.channel.queue_delete(SUBSCRIBER)


def test_odd_messages_arrive_under_the_name_that_quarantine_gives_them(sides: Sides) -> None:
    bodies = [b"one", Odd(b"two"), b"three"]
    assert publish_surely(sides.outside, bodies) == 0
    read = sides.inside.read
    wait_for("all three", lambda: len(read(None, 10, 0.2)) == 3)
    arrived = [delivery.body for delivery in read(None, 10, 0.0)]
    assert arrived == [sides.outside.as_quarantined(body) for body in bodies]


def test_what_nobody_has_acknowledged_is_left(sides: Sides) -> None:
    """On RabbitMQ when the reader has hung up."""
    publish_surely(sides.outside, [b"%d" % number for number in range(1_200)])
    wait_for("one", lambda: sides.inside.read(None, 1, 0.2))
    [first] = sides.inside.read(None, 1, 0.0)
    sides.inside.acknowledge([first.id])
    sides.inside.give_back()
    wait_for("the rest", lambda: sides.outside.backlog() == 1_199)


def test_an_acknowledgement_is_heard_once(sides: Sides) -> None:
    publish_surely(sides.outside, [b"one"])
    wait_for("it", lambda: sides.inside.read(None, 1, 0.2))
    [one] = sides.inside.read(None, 1, 0.0)
    assert not sides.outside.acknowledged(0.0)
    assert not sides.outside.acknowledged(0.1)
    sides.inside.acknowledge([one.id])
    assert sides.outside.acknowledged(5.0)
    assert not sides.outside.acknowledged(0.1)


def test_events_come_in_order_over_connections(sides: Sides) -> None:
    """Those that were given out before the connection ended may come again, and no other."""
    events = [f'{{"id":"{number}","type":"t"}}' for number in range(3_000)]
    sides.inside.publish(events[:2_500])
    seen = sides.outside.next_events(5.0)
    sides.outside.close()
    sides.inside.publish(events[2_500:])
    again: list[bytes] = []
    while more := sides.outside.next_events(1.0):
        again += more
    told = [event.encode() for event in events]
    assert seen == told[: len(seen)]
    assert again[-500:] == told[-500:]
    assert again == told[-len(again) :]
    assert len(seen) + len(again) >= len(told)


def test_a_subscriber_is_not_given_what_lies_behind_events_of_a_lost_one(rabbitmq_url: str) -> None:
    """Which is how order per account survives a crash of the broker (I12)."""
    lost, next_one = RabbitClient(rabbitmq_url), RabbitClient(rabbitmq_url)
    events = [f'{{"id":"{number}","type":"t"}}' for number in range(20)]
    came: list[bytes] = []
    with closing(AmqpBroker(rabbitmq_url)) as inside, closing(next_one), closing(lost):
        lost.follow()
        inside.publish(events[:10])
        assert lost.next_events(5.0)
        channel = next_one.channel
        channel.basic_consume(SUBSCRIBER, no_ack=True, callback=lambda m: came.append(m.body))
        inside.publish(events[10:])
        with pytest.raises(TimeoutError):
            next_one.connection.drain_events(timeout=0.5)
        lost.close()
        while len(came) < len(events):
            next_one.connection.drain_events(timeout=10)
        channel.queue_delete(SUBSCRIBER)
    assert came == [event.encode() for event in events]
