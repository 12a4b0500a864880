"""What the shell relies on from any broker."""

from __future__ import annotations

from datetime import timedelta

from tests.conformance.conftest import BrokerFactory
from worker.ports import Broker, Delivery

BODIES = [b"one", b"\x00\xff two", "drei \N{SNOWMAN}".encode(), b"four"]


def bodies(deliveries: list[Delivery]) -> list[bytes]:
    return [delivery.body for delivery in deliveries]


def test_messages_come_in_the_order_they_were_submitted(broker: Broker) -> None:
    ids = broker.submit(BODIES[:3]) + broker.submit(BODIES[3:])
    assert broker.read(None, 10, 0) == [Delivery(*pair) for pair in zip(ids, BODIES, strict=True)]


def test_submitted_ids_are_all_different(broker: Broker) -> None:
    ids = broker.submit([b"same"] * 50)
    assert len(set(ids)) == 50


def test_reading_takes_nothing_away(broker: Broker) -> None:
    broker.submit(BODIES)
    assert broker.read(None, 10, 0) == broker.read(None, 10, 0)
    assert broker.backlog() == 4


def test_read_gives_at_most_count(broker: Broker) -> None:
    broker.submit(BODIES)
    assert bodies(broker.read(None, 3, 0)) == BODIES[:3]


def test_read_goes_on_behind_the_cursor(broker: Broker) -> None:
    ids = broker.submit(BODIES)
    assert bodies(broker.read(ids[1], 10, 0)) == BODIES[2:]
    assert broker.read(ids[3], 10, 0) == []


def test_a_cursor_outlives_its_own_message(broker: Broker) -> None:
    ids = broker.submit(BODIES)
    broker.acknowledge(ids[:2])
    assert bodies(broker.read(ids[1], 10, 0)) == BODIES[2:]
    assert bodies(broker.read(ids[0], 10, 0)) == BODIES[2:]


def test_without_a_cursor_all_that_is_pending_comes_lowest_id_first(broker: Broker) -> None:
    ids = broker.submit(BODIES)
    broker.acknowledge([ids[1]])
    assert bodies(broker.read(None, 10, 0)) == [BODIES[0], BODIES[2], BODIES[3]]


def test_acknowledged_is_gone_for_every_reader(broker_factory: BrokerFactory) -> None:
    one, other = broker_factory(), broker_factory()
    ids = one.submit(BODIES)
    one.acknowledge(ids)
    assert other.read(None, 10, 0) == []
    assert other.backlog() == 0


def test_acknowledging_again_is_harmless(broker: Broker) -> None:
    ids = broker.submit(BODIES)
    broker.acknowledge(ids[:1])
    broker.acknowledge(ids[:2])
    assert bodies(broker.read(None, 10, 0)) == BODIES[2:]


def test_ids_keep_rising_when_the_intake_was_empty(broker: Broker) -> None:
    first = broker.submit(BODIES)
    broker.acknowledge(first)
    broker.submit([b"later"])
    assert bodies(broker.read(first[-1], 10, 0)) == [b"later"]


def test_an_empty_intake_is_waited_for_and_then_given_up(broker: Broker) -> None:
    assert broker.read(None, 10, 0.02) == []


def test_what_one_submits_another_reads(broker_factory: BrokerFactory) -> None:
    broker_factory().submit(BODIES)
    assert bodies(broker_factory().read(None, 10, 0)) == BODIES


def test_published_events_become_durable(broker: Broker) -> None:
    broker.publish(["a", "b"])
    broker.publish([])
    assert any(broker.durable(1.0) for _ in range(10))


def test_waiting_for_work_comes_to_an_end(broker_factory: BrokerFactory) -> None:
    one, other = broker_factory(), broker_factory()
    other.wait_for_work(0.02)
    one.acknowledge(one.submit(BODIES))
    other.wait_for_work(0.02)


def test_trimming_leaves_the_intake_alone(broker: Broker) -> None:
    broker.submit(BODIES)
    broker.publish(["event"])
    broker.trim(timedelta(0))
    broker.trim(timedelta(days=36_500))
    assert bodies(broker.read(None, 10, 0)) == BODIES
