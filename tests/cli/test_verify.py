"""`scrip verify` finds what somebody with the superuser's rights has done to the tables."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import Drain, Run, Write
from tests.cli.harm import HARM, do
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


@pytest.mark.parametrize(("harm", "promise"), HARM)
def test_harm_is_found(run: Run, database_url: str, harm: str, promise: str) -> None:
    do(database_url, harm)
    result = run("verify", "--json")
    assert result.exit_code == 1
    found: dict[str, Any] = json.loads(result.stdout)
    assert promise in found["broken"]
    assert found["clean"] is False
    assert any(row["promise"] == promise for row in found["violations"])
    told = run("verify")
    assert told.exit_code == 1
    assert "violation" in told.stdout.splitlines()[-1]
