"""`scrip doctor` says what is wrong and what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest
import redis

from tests.cli.conftest import Drain, Run, Write
from tests.cli.messages import line
from worker.redis_broker import INTAKE


def checks(run: Run) -> dict[str, dict[str, str]]:
    """What the doctor found, by subject."""
    return {row["subject"]: row for row in json.loads(run("doctor", "--json").stdout)["checks"]}


@pytest.fixture
def client(broker_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(broker_url) as opened:
        yield opened


def test_what_waits_and_who_reads(run: Run, drain: Drain, write: Write) -> None:
    found = checks(run)
    assert found["reader"]["words"] == "nobody reads the intake, and nobody ever has"
    assert found["intake"]["words"] == "empty"
    run("publish", str(write([line("credit.grant", "g", amount=1), b"nonsense"])))
    assert checks(run)["intake"]["words"].startswith("2 messages waiting")
    drain()
    found = checks(run)
    assert found["reader"]["words"].startswith("test:1 reads the intake, its lease runs until")
    assert found["relay"]["level"] == "error"
    assert found["outbox"]["words"] == "1 batch of events unsent"
    assert found["quarantine"]["words"] == "1 message in quarantine"


def test_an_id_on_several_accounts_is_counted(run: Run, drain: Drain, write: Write) -> None:
    same = [line("credit.grant", "g", amount=1, customer=name) for name in ("ada", "bob")]
    run("publish", str(write(same)))
    drain()
    assert checks(run)["ids"]["words"] == "1 message id in use on several accounts"


def test_late_expiries_are_told(run: Run, drain: Drain, write: Write, database_url: str) -> None:
    run("publish", str(write([line("credit.grant", "g", amount=1)])))
    drain()
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE grants SET expires_at = clock_timestamp() - interval '62 min'")
    assert checks(run)["expiry"]["level"] == "ok"
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE grants SET expires_at = clock_timestamp() - interval '7 hours'")
    assert checks(run)["expiry"]["words"].startswith("the rows of expired credit are 6 h late")


def test_a_server_that_forgets_is_an_error(run: Run) -> None:
    result = run("doctor")
    assert result.exit_code == 1
    names = "fsync and full_page_writes and synchronous_commit"
    assert f"error   durability: {names} off" in result.stdout
    assert f"-> turn {names} on" in result.stdout


def test_a_broker_that_evicts_is_an_error(run: Run, client: redis.Redis) -> None:
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        assert checks(run)["broker memory"]["level"] == "error"
    finally:
        client.config_set("maxmemory-policy", "noeviction")
    assert checks(run)["broker memory"]["level"] == "ok"


def test_an_intake_of_another_type_is_an_error(run: Run, client: redis.Redis) -> None:
    client.set(INTAKE, "text")
    assert checks(run)["intake"]["level"] == "error"


def test_an_empty_database_needs_migrating(run: Run, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("DROP TABLE alembic_version")
    found = checks(run)
    assert found["schema"]["advice"] == "run `scrip migrate`"
    assert "reader" not in found


def test_servers_that_are_away(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://scrip:secret@127.0.0.1:1/scrip")
    monkeypatch.setenv("BROKER_URL", "redis://:secret@127.0.0.1:1/0")
    result = run("doctor")
    assert result.exit_code == 1
    assert result.stdout.count("cannot be reached") == 2
    assert "secret" not in result.output
