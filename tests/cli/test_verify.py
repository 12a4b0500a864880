"""`scrip verify` finds what somebody with the superuser's rights has done to the tables."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from tests.cli.conftest import Drain, Run, Write
from tests.cli.messages import mix


@pytest.fixture(autouse=True)
def published(run: Run, drain: Drain, write: Write) -> None:
    run("publish", str(write(mix(7, 300))))
    drain()


def test_all_is_well(run: Run) -> None:
    result = run("verify")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "verify: clean"
    found = json.loads(run("verify", "--json").stdout)
    assert found["clean"] is True
    assert found["violations"] == []
    assert found["checked"]["entries"] > 50
    numbers = {row["promise"] for row in found["promises"]}
    assert numbers >= {"I3", "I4", "I5", "I6", "I7", "I8", "I10", "I14", "I15", "I16", "I17", "I19"}


@pytest.mark.parametrize(
    ("harm", "promise"),
    [
        ("UPDATE entries SET amount = amount + 1, balance = balance + 1 WHERE seq = 1", "I10"),
        ("DELETE FROM entries WHERE seq = 2", "I3"),
        ("UPDATE accounts SET balance = balance + 1", "I4"),
        ("UPDATE grants SET amount = amount + 1, used = used + 1", "I6"),
        ("UPDATE invoices SET applied = applied - 1 WHERE applied > 0", "I7"),
        ("UPDATE receipts SET key = gen_random_uuid()", "I2"),
        ("UPDATE receipts SET source = 'other'", "I19"),
        ("UPDATE accounts SET bucket = 1023 - bucket", "I15"),
        ("UPDATE accounts SET currency = 'EUR'", "I16"),
        ("DELETE FROM accounts WHERE currency = 'USD'", "I15"),
        ("ALTER TABLE entries DISABLE TRIGGER i10_not_truncated", "I10"),
        ("INSERT INTO outbox (events) VALUES ('nonsense')", "I11"),
    ],
)
def test_harm_is_found(run: Run, database_url: str, harm: str, promise: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("SET LOCAL session_replication_role = 'replica'")  # no triggers
        connection.execute(harm.encode())
    result = run("verify", "--json")
    assert result.exit_code == 1
    found: dict[str, Any] = json.loads(result.stdout)
    assert promise in found["broken"]
    assert found["clean"] is False
    assert any(row["promise"] == promise for row in found["violations"])
    told = run("verify")
    assert told.exit_code == 1
    assert "violation" in told.stdout.splitlines()[-1]
