"""Published events can be read again, from the oldest on and as they come (`scrip events`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.end_to_end.outsider import wait_for
from worker.amqp_broker import AmqpBroker
from worker.cli import events_chunk
from worker.cli.events_rabbitmq import RabbitMQEvents
from worker.cli.events_redis import RedisEvents
from worker.cli.events_stream import EventStream
from worker.ports import Broker
from worker.redis_broker import RedisBroker

Open = Callable[[], EventStream]


@pytest.fixture(params=["redis", "rabbitmq"])
def sides(request: pytest.FixtureRequest) -> Iterator[tuple[Broker, Open]]:
    """Who publishes, and a reader of its own with each call."""
    is_redis = request.param == "redis"
    url = request.getfixturevalue("broker_url" if is_redis else "rabbitmq_url")
    with ExitStack() as opened:
        broker = RedisBroker(url) if is_redis else AmqpBroker(url)
        opened.callback(broker.close)

        def stream() -> EventStream:
            reader = RedisEvents(url) if is_redis else RabbitMQEvents(url)
            opened.callback(reader.close)
            return reader

        yield broker, stream


def numbered(first: int, last: int) -> list[str]:
    return [f'{{"id":"{number}","type":"t"}}' for number in range(first, last)]


def all_kept(stream: EventStream) -> list[str]:
    return [event.decode() for chunk in stream.kept() for event in chunk.events]


def test_nothing_is_kept_before_anything_was_published(sides: tuple[Broker, Open]) -> None:
    _, stream = sides
    assert all_kept(stream()) == []
    assert stream().length() == 0


def test_all_are_kept_in_their_order(sides: tuple[Broker, Open]) -> None:
    """Nobody else has to listen, and reading takes nothing away."""
    broker, stream = sides
    events = numbered(0, 5_000)
    for at in range(0, len(events), 700):
        broker.publish(events[at : at + 700])
    assert all_kept(stream()) == events
    assert all_kept(stream()) == events
    wait_for("the count", lambda: stream().length() == len(events))


@pytest.mark.parametrize("size", [1, 7, 500])
def test_chunks_are_counted(
    sides: tuple[Broker, Open], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_chunk, "CHUNK", size)
    broker, stream = sides
    broker.publish(numbered(0, 50))
    chunks = list(stream().kept())
    assert max(len(chunk.events) for chunk in chunks) <= size
    assert chunks[-1].read == 50


def test_what_comes_is_told_once(sides: tuple[Broker, Open]) -> None:
    broker, stream = sides
    broker.publish(numbered(0, 3))
    reader = stream()
    assert all_kept(reader) == numbered(0, 3)
    broker.publish(numbered(3, 2_000))
    came: list[str] = []
    for chunk in reader.coming():
        came += [event.decode() for event in chunk.events]
        if len(came) >= 1_997:
            break
    assert came == numbered(3, 2_000)


def test_what_comes_may_be_the_first(sides: tuple[Broker, Open]) -> None:
    broker, stream = sides
    broker.publish([])
    reader = stream()
    assert all_kept(reader) == []
    broker.publish(numbered(0, 1))
    assert next(chunk.events for chunk in reader.coming() if chunk.events) == [
        event.encode() for event in numbered(0, 1)
    ]
