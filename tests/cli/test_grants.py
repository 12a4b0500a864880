"""`scrip grants` shows every lot in the order of use, and one of them in full."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.cli.conftest import Drain, Run, Write
from tests.cli.messages import line

NOW = datetime.now(UTC)
ITEMS = [{"id": "seats", "amount": 60, "ledger_account": "4000"}, {"id": "api", "amount": 40}]

BODIES = [
    line("credit.grant", "g1", amount=100, grant="paid", memo="top-up", reference_number="PO-7",
         line_items=ITEMS, sent_at="2026-01-01T00:00:00Z"),
    line("credit.grant", "g2", amount=50, grant="gift", category="promotional"),
    line("credit.grant", "g3", amount=10, grant="first", priority=1, scope=["api"]),
    line("credit.grant", "g4", amount=30, grant="later", effective_at="2098-01-01T00:00:00Z"),
    line("credit.grant", "g5", amount=20, grant="late", priority=0,
         expires_at=(NOW - timedelta(minutes=10)).isoformat(),
         time=(NOW - timedelta(minutes=20)).isoformat()),
    line("invoice.created", "i1", invoice="INV", amount_due=70),
    line("credit.grant", "p", amount=5, grant="paid", scope=["top-up"]),
]  # fmt: skip


@pytest.fixture(autouse=True)
def published(run: Run, drain: Drain, write: Write) -> None:
    run("publish", str(write(BODIES)))
    drain()


def listed(run: Run, *options: str) -> list[Any]:
    (account,) = json.loads(run("grants", "ada", "--json", *options).stdout)
    return list(account["grants"])


def names(run: Run, *options: str) -> list[str]:
    return [row["grant"] for row in listed(run, *options)]


def test_grants_stand_in_the_order_of_use_and_those_that_are_gone_behind(run: Run) -> None:
    assert names(run) == ["first", "paid", "later", "late", "gift"]
    told = run("grants", "ada").stdout
    rows = [row.split()[:4] for row in told.splitlines() if row.split()[:1] == ["paid"]]
    assert rows == [["paid", "active", "0.80", "1.00"]]
    assert "from 2098-01-01" in told
    assert "top-up / PO-7" in told
    assert "0.20 used" in told


def test_the_order_is_the_tenants(run: Run, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO tenants VALUES ('default', 1, '{\"order\": \"fifo\"}')")
    assert names(run) == ["paid", "first", "later", "gift", "late"]
    assert "order of use fifo/1" in run("grants", "ada").stdout


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["active"], ["first", "paid"]),
        (["pending", "expired"], ["later", "late"]),
        (["depleted"], ["gift"]),
        (["voided"], []),
    ],
)
def test_states_are_chosen(run: Run, states: list[str], expected: list[str]) -> None:
    options = [word for state in states for word in ("--state", state)]
    assert names(run, *options) == expected
    assert "has no such grant" in run("grants", "ada", "--state", "voided").stdout


def test_one_grant_in_full(run: Run) -> None:
    (grant,) = json.loads(run("grants", "ada", "--grant", "paid", "--json").stdout)
    assert grant["line_items"] == ITEMS
    assert (grant["memo"], grant["sent_at"]) == ("top-up", "2026-01-01T00:00:00Z")
    assert [(row["seq"], row["kind"]) for row in grant["entries"]] == [
        (1, "grant"),
        (6, "application"),
    ]
    told = run("grants", "ada", "--grant", "paid").stdout
    assert "0.80 of 1.00 USD left; 0.20 used" in told
    touched = [row.split() for row in told.splitlines() if "application" in row]
    assert touched[0][-5:] == ["application", "-0.20", "0.80", "INV", "i1"]


def test_a_line_of_the_grants_name_is_not_the_grant(run: Run, drain: Drain, write: Write) -> None:
    lines = [{"id": "gift", "product": None, "amount": 5}]
    body = line("invoice.created", "i2", invoice="INV-2", amount_due=5, lines=lines)
    run("publish", str(write([body])))
    drain()
    (gift,) = json.loads(run("grants", "ada", "--grant", "gift", "--json").stdout)
    assert [row["seq"] for row in gift["entries"]] == [2, 6]


def test_an_unknown_grant(run: Run) -> None:
    result = run("grants", "ada", "--grant", "nope")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "there is no grant nope" in result.stderr


def test_very_many_grants_are_shown_in_parts(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """All with something left come first, with the newest; no grant twice, and all in the end."""
    everything = names(run)
    monkeypatch.setattr("worker.cli.grants_data.GRANTS_SHOWN", 2)
    first = run("grants", "ada", "--json")
    assert "--currency USD --before 4 goes on, --all shows all" in " ".join(first.stderr.split())
    parts = [names(run), names(run, "--before", "4"), names(run, "--before", "2")]
    assert parts == [["first", "paid", "later", "late"], ["gift"], []]
    assert sorted(name for part in parts for name in part) == sorted(everything)
    assert names(run, "--all") == everything
    assert "4 of 5 grants" in run("grants", "ada").stdout
    assert names(run, "--state", "active") == ["first", "paid"]
    assert run("grants", "ada", "--before", "2", "--grant", "gift").exit_code == 2
