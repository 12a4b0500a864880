"""What the shell relies on from any broker."""

from __future__ import annotations

from datetime import timedelta

from tests.conformance.conftest import BrokerFactory
from worker.ports import Broker, Delivery

BODIES = [b"one", b"\x00\xff two", "drei \N{SNOWMAN}".encode(), b"four"]


PATIENCE = 5.0
"""Seconds that a broker may take to hand over what it has."""


def bodies(deliveries: list[Delivery]) -> list[bytes]:
    return [delivery.body for delivery in deliveries]


def take(broker: Broker, number: int, after: str | None = None) -> list[Delivery]:
    """As many as are expected; a broker may hand them over in more than one piece."""
    taken: list[Delivery] = []
    cursor = after
    while len(taken) < number and (more := broker.read(cursor, 10, PATIENCE)):
        taken += more
        cursor = taken[-1].id
    return taken


def submit(broker: Broker, bodies: list[bytes] = BODIES) -> list[str]:
    """Put messages on the intake, and return the ids that a reader finds them under."""
    broker.submit(bodies)
    return [delivery.id for delivery in take(broker, len(bodies))]


def test_messages_come_in_the_order_they_were_submitted(broker: Broker) -> None:
    broker.submit(BODIES[:3])
    broker.submit(BODIES[3:])
    found = take(broker, 4)
    assert bodies(found) == BODIES
    assert [delivery.id for delivery in found] == sorted({delivery.id for delivery in found})
    assert not any(delivery.given_up for delivery in found)


def test_submitted_messages_have_names_of_their_own(broker: Broker) -> None:
    assert len(set(broker.submit([b"same"] * 50))) == 50


def test_reading_takes_nothing_away(broker: Broker) -> None:
    submit(broker)
    assert broker.read(None, 10, 0) == broker.read(None, 10, 0)
    assert bodies(broker.read(None, 10, 0)) == BODIES
    assert broker.backlog() == 4


def test_read_gives_at_most_count(broker: Broker) -> None:
    submit(broker)
    assert bodies(broker.read(None, 3, 0)) == BODIES[:3]


def test_read_goes_on_behind_the_cursor(broker: Broker) -> None:
    ids = submit(broker)
    assert bodies(broker.read(ids[1], 10, 0)) == BODIES[2:]
    assert broker.read(ids[3], 10, 0) == []


def test_a_cursor_outlives_its_own_message(broker: Broker) -> None:
    ids = submit(broker)
    broker.acknowledge(ids[:2])
    assert bodies(broker.read(ids[1], 10, 0)) == BODIES[2:]
    assert bodies(broker.read(ids[0], 10, 0)) == BODIES[2:]


def test_without_a_cursor_all_that_is_pending_comes_lowest_id_first(broker: Broker) -> None:
    ids = submit(broker)
    broker.acknowledge([ids[1]])
    assert bodies(broker.read(None, 10, 0)) == [BODIES[0], BODIES[2], BODIES[3]]


def test_acknowledged_is_gone_for_every_reader(broker_factory: BrokerFactory) -> None:
    one, other = broker_factory(), broker_factory()
    one.acknowledge(submit(one))
    one.give_back()
    assert other.read(None, 10, 0.2) == []
    assert other.backlog() == 0


def test_acknowledging_again_is_harmless(broker: Broker) -> None:
    ids = submit(broker)
    broker.acknowledge(ids[:1])
    broker.acknowledge(ids[:2])
    broker.acknowledge(ids[:2])
    assert bodies(broker.read(None, 10, 0)) == BODIES[2:]


def test_ids_keep_rising_when_the_intake_was_empty(broker: Broker) -> None:
    first = submit(broker)
    broker.acknowledge(first)
    broker.submit([b"later"])
    assert bodies(take(broker, 1, first[-1])) == [b"later"]


def test_an_empty_intake_is_waited_for_and_then_given_up(broker: Broker) -> None:
    assert broker.read(None, 10, 0.02) == []


def test_what_one_submits_another_reads(broker_factory: BrokerFactory) -> None:
    broker_factory().submit(BODIES)
    assert bodies(take(broker_factory(), 4)) == BODIES


def test_what_one_gives_back_another_reads_in_order(broker_factory: BrokerFactory) -> None:
    one, other = broker_factory(), broker_factory()
    one.acknowledge(submit(one)[:1])
    one.give_back()
    one.give_back()
    assert bodies(take(other, 3)) == BODIES[1:]
    other.give_back()
    assert bodies(take(one, 3)) == BODIES[1:]


def test_published_events_become_durable(broker: Broker) -> None:
    broker.publish(["a", "b"])
    broker.publish([])
    assert any(broker.durable(1.0) for _ in range(10))


def test_waiting_for_work_comes_to_an_end(broker_factory: BrokerFactory) -> None:
    one, other = broker_factory(), broker_factory()
    other.wait_for_work(0.02)
    one.acknowledge(submit(one))
    other.wait_for_work(0.02)


def test_trimming_leaves_the_intake_alone(broker: Broker) -> None:
    broker.submit(BODIES)
    broker.publish(["event"])
    broker.trim(timedelta(0))
    broker.trim(timedelta(days=36_500))
    assert bodies(take(broker, 4)) == BODIES
