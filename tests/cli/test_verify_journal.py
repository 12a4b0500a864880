"""`scrip verify --journal` holds the database, quarantine and events against what was published."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from db.store import PostgresStore
from tests.cli.conftest import Run, Write
from tests.cli.journals import Installation, played
from worker.redis_broker import RedisBroker


@pytest.fixture
def broker(broker_url: str) -> Iterator[RedisBroker]:
    opened = RedisBroker(broker_url)
    yield opened
    opened.close()


@pytest.fixture
def installation(store: PostgresStore, broker: RedisBroker) -> Installation:
    return Installation(store, broker)


def found(run: Run, file: object, *options: str) -> dict[str, Any]:
    result = run("verify", "--journal", str(file), "--json", *options)
    assert result.exit_code in {0, 1}, (result.stderr, result.exception)
    told: dict[str, Any] = json.loads(result.stdout)
    assert told["clean"] is (result.exit_code == 0)
    return told


@pytest.mark.parametrize("seed", [1, 2])
def test_all_kinds_of_messages_come_out_the_same(
    run: Run, write: Write, installation: Installation, seed: int
) -> None:
    journal = played(seed, 700, installation)
    told = found(run, write(journal))
    assert told["violations"] == []
    assert told["notes"] == []
    assert told["checked"]["accounts decided again"] == told["checked"]["accounts"]
