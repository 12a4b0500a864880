"""`scrip verify --journal` where the broker does not show what waits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from db.engine import engine_for
from db.store import PostgresStore
from tests.cli.journals import Installation
from tests.cli.messages import line
from worker import settings
from worker.amqp_broker import AmqpBroker
from worker.cli import app

STORY = [line("credit.grant", f"g{n}", amount=n) for n in range(1, 9)]


@pytest.fixture
def broker(rabbitmq_url: str) -> Iterator[AmqpBroker]:
    opened = AmqpBroker(rabbitmq_url)
    yield opened
    opened.close()


@pytest.fixture
def chosen(database_url: str, rabbitmq_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BROKER_URL", rabbitmq_url)
    settings.load.cache_clear()
    yield
    settings.load.cache_clear()


def found(file: Path, journal: list[bytes]) -> dict[str, Any]:
    file.write_bytes(b"\n".join(journal))
    result = CliRunner().invoke(app, ["verify", "--journal", str(file), "--json"])
    told: dict[str, Any] = json.loads(result.stdout)
    return told


@pytest.mark.usefixtures("chosen")
def test_what_waits_is_counted(database_url: str, broker: AmqpBroker, tmp_path: Path) -> None:
    engine = engine_for(database_url)
    installation = Installation(PostgresStore(engine), broker)
    installation.take(STORY[:6])
    installation.publish_events()
    broker.give_back()  # what a worker holds, RabbitMQ does not count as waiting
    engine.dispose()
    told = found(tmp_path / "journal", STORY[:6])
    assert (told["violations"], told["notes"]) == ([], [])
    broker.submit(STORY[6:])
    told = found(tmp_path / "journal", STORY)
    assert told["violations"] == []
    assert told["notes"][-1] == "2 messages of the journal without an outcome: still on the intake"
    (row,) = found(tmp_path / "journal", [*STORY, line("credit.deduct", "lost", amount=1)])[
        "violations"
    ]
    assert (row["promise"], row["what"]) == ("I1", "3 have no outcome, and 2 wait")
