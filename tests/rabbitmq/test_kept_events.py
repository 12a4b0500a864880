"""The stream on which RabbitMQ keeps events: nothing is published past it, and it has limits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from amqp import Message
from typer.testing import CliRunner, Result

from db.engine import engine_for
from db.store import PostgresStore
from tests.cli.journals import Installation
from tests.cli.messages import line
from tests.end_to_end.outsider import wait_for
from tests.rabbitmq.clients import Client
from worker import amqp_topology, settings
from worker.amqp_broker import AmqpBroker
from worker.amqp_topology import EVENTS, KEPT, Keep
from worker.cli import app, events_chunk
from worker.cli.events_rabbitmq import RabbitMQEvents
from worker.ports import BrokerError

Run = Callable[..., Result]
STORY = [
    line("credit.grant", "g1", amount=100),
    line("invoice.created", "i1", invoice="INV", amount_due=30),
    line("credit.deduct", "d1", amount=900),
]


@pytest.fixture
def broker(rabbitmq_url: str) -> Iterator[AmqpBroker]:
    with closing(AmqpBroker(rabbitmq_url, Keep(events_max=5_000_000))) as opened:
        yield opened


@pytest.fixture
def client(rabbitmq_url: str) -> Iterator[Client]:
    with closing(Client(rabbitmq_url)) as connected:
        yield connected


@pytest.fixture
def run(database_url: str, rabbitmq_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BROKER_URL", rabbitmq_url)
    settings.load.cache_clear()
    yield lambda *arguments: CliRunner().invoke(app, list(arguments))
    settings.load.cache_clear()


@pytest.fixture
def played(database_url: str, broker: AmqpBroker) -> Iterator[Installation]:
    """Ada's four events are published; no subscriber has ever been there."""
    engine = engine_for(database_url)
    installation = Installation(PostgresStore(engine), broker)
    installation.take(STORY)
    installation.publish_events()
    yield installation
    engine.dispose()


def kept(url: str) -> list[bytes]:
    with closing(RabbitMQEvents(url)) as stream:
        return [event for chunk in stream.kept() for event in chunk.events]


@pytest.mark.usefixtures("played")
def test_events_from_a_number_on(run: Run) -> None:
    told = run("events", "--customer", "ada", "--from", "3", "--json")
    assert (told.exit_code, told.stderr) == (0, "")
    assert [json.loads(row)["data"]["event_seq"] for row in told.stdout.splitlines()] == [3, 4]
    assert "application -0.30" in run("events", "--customer", "ada").stdout


def test_events_of_a_broker_on_which_none_was_published(run: Run) -> None:
    result = run("events")
    assert (result.exit_code, result.stdout) == (0, "")


def test_an_event_that_no_queue_takes_is_not_published(
    broker: AmqpBroker, client: Client, rabbitmq_url: str
) -> None:
    """It would be confirmed and gone; the relay connects again, and the stream is made anew."""
    broker.publish(["one"])
    client.channel.queue_delete(KEPT)
    with pytest.raises(BrokerError, match=r"no queue is bound to the exchange credits\.events"):
        broker.publish(["two"])
    broker.publish(["two"])
    assert kept(rabbitmq_url) == [b"two"]


def test_an_event_without_a_queue_stays_in_the_outbox(
    played: Installation, client: Client, rabbitmq_url: str
) -> None:
    """Forgotten only when it is on some queue (I11), though somebody took the stream away."""
    played.take([line("credit.grant", "g2", amount=1)])
    client.channel.queue_delete(KEPT)
    played.publish_events()
    assert not kept(rabbitmq_url)
    played.publish_events()
    assert [json.loads(event)["data"]["event_seq"] for event in kept(rabbitmq_url)] == [5]


def test_other_limits_stop_nobody_and_doctor_tells_of_them(
    broker: AmqpBroker, rabbitmq_url: str, run: Run
) -> None:
    broker.publish(["one"])
    with closing(AmqpBroker(rabbitmq_url, Keep(timedelta(days=3)))) as other:
        other.publish(["two"])
    assert kept(rabbitmq_url) == [b"one", b"two"]
    assert "on credits.events.kept" in run("doctor").stdout
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SCRIP_EVENTS_KEEP", "P3D")
        settings.load.cache_clear()
        told = " ".join(run("doctor").stdout.split())
    assert "credits.events.kept has other limits than the settings say" in told
    assert "received '259200s' but current is '604800s'" in told


def test_events_go_when_their_time_is_over(
    rabbitmq_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whole files, when a new one is begun."""
    monkeypatch.setattr(amqp_topology, "_SEGMENT_BYTES", 1_000_000)
    event = json.dumps({"type": "t", "filling": "x" * 100_000})
    with closing(AmqpBroker(rabbitmq_url, Keep(timedelta(seconds=1)))) as brief:
        brief.publish(["the first"])

        def is_gone() -> bool:
            brief.publish([event] * 10)
            return kept(rabbitmq_url)[0] != b"the first"

        wait_for("the end of the first", is_gone)
    assert kept(rabbitmq_url)[-1] == event.encode()


def test_events_of_anybody_are_read_past(
    broker: AmqpBroker, client: Client, rabbitmq_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Headers that cannot be read hide where an event lies."""
    monkeypatch.setattr(events_chunk, "CHUNK", 1)
    odd = Message(b"odd", content_type=b"\xff\xfe")
    for _ in range(3):
        broker.publish(["ours"])
        client.channel.basic_publish_confirm(odd, EVENTS, "t")
    assert kept(rabbitmq_url) == [b"ours", b"odd"] * 3


@pytest.mark.usefixtures("played")
def test_the_journal_is_held_against_them(run: Run, client: Client, tmp_path: Path) -> None:
    file = tmp_path / "journal"
    file.write_bytes(b"\n".join(STORY))
    told = json.loads(run("verify", "--journal", str(file), "--json").stdout)
    assert (told["violations"], told["notes"]) == ([], [])
    client.channel.queue_delete(KEPT)
    told = json.loads(run("verify", "--journal", str(file), "--json").stdout)
    assert {row["promise"] for row in told["violations"]} == {"I11"}
