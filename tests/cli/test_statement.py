"""`scrip statement` for people, for programs, and as a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.cli.conftest import Drain, Run, Write
from tests.cli.messages import line

EVIL = "<script>alert(1)</script>"
BODIES = [
    line("tenant.configure", "c", units={"TOKENS": 3}),
    line("credit.grant", "g1", amount="1234567.00", grant="bought", memo="top-up",
         created_by="eve"),
    line("credit.grant", "g2", amount=2_000, grant="gift", category="promotional", priority=10,
         expires_at="2099-01-01T00:00:00Z"),
    line("credit.grant", "g3", amount=700, grant="later", effective_at="2098-01-01T00:00:00Z"),
    line("invoice.created", "i1", invoice="INV-1", amount_due=2_500),
    line("credit.hold", "h1", hold="h", amount=1_000),
    line("credit.grant", "e1", amount=1, customer=EVIL),
    line("credit.grant", "t1", amount="12.500", currency="TOKENS"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def published(run: Run, drain: Drain, write: Write) -> None:
    for bodies in (BODIES[:1], BODIES[1:]):
        run("publish", str(write(bodies)))
        drain()


def told(run: Run, *options: str) -> Any:
    (account,) = json.loads(run("statement", "ada", "--currency", "USD", "--json", *options).stdout)
    return account


def test_available_comes_first(run: Run) -> None:
    first, second, third, *rest = run("statement", "ada", "--currency", "USD").stdout.splitlines()
    assert first == "ada (default): 1,234,552.00 USD available"
    assert second == "balance 1,234,569.00, of which 10.00 held and 7.00 not yet effective"
    assert third == ""
    assert [row.split()[:2] for row in rest if row.split()[:1] == ["4"]] == [["4", "application"]]


def test_programs_are_told_everything(run: Run) -> None:
    account = told(run)
    assert "at" not in account
    assert (account["available"], account["held"], account["pending"]) == (123_455_200, 1_000, 700)
    assert [grant["grant"] for grant in account["grants"]] == ["bought", "later"]
    assert account["grants"][0]["memo"] == "top-up"
    assert [went["grant"] for went in account["gone"]] == ["gift"]
    assert [row["seq"] for row in account["ledger"]] == [4, 3, 2, 1]
    (invoice,) = account["invoices"]
    assert (invoice["applied"], invoice["due"], invoice["status"]) == (2_500, 0, "open")
    assert [(part["grant"], part["applied"]) for part in invoice["from"]] == [
        ("gift", 2_000),
        ("bought", 500),
    ]


def test_an_instant_stands_where_it_was_given(run: Run) -> None:
    future = told(run, "--at", "2098-06-01T00:00:00+02:00")
    assert (future["at"], future["pending"]) == ("2098-05-31T22:00:00Z", 0)
    past = told(run, "--at", "2020-01-01T00:00:00Z")
    assert (past["available"], past["ledger"], past["invoices"]) == (0, [], [])


def test_a_page_is_written_twice_alike(run: Run, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one.html", "two.html")]
    for file in files:
        result = run("statement", "ada", "--html", str(file))
        assert (result.exit_code, result.stdout) == (0, "")
        assert f"wrote {file}" in result.stderr
    assert files[0].read_bytes() == files[1].read_bytes()
    text = files[0].read_text()
    assert "12.500" in text
    assert "1,234,552.00" in text
    assert "top-up" in text
    assert run("statement", "ada", "--html", "-").stdout == text


def test_a_name_is_no_markup(run: Run) -> None:
    text = run("statement", EVIL, "--html", "-").stdout
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert run("statement", EVIL).stdout.startswith(EVIL)


def test_a_period_has_an_opening_balance(
    run: Run, drain: Drain, write: Write, database_url: str
) -> None:
    """Half-open, by recorded_at; as long as the whole statement, nothing is left out."""
    with psycopg.connect(database_url) as connection:
        now = connection.execute("SELECT clock_timestamp()").fetchone()
    assert now is not None
    instant = now[0].isoformat()
    run("publish", str(write([line("credit.deduct", "d", amount="100.00")])))
    drain()
    (whole, before, after) = (
        told(run, *options) for options in ((), ("--to", instant), ("--from", instant))
    )
    assert (whole["left_out"], whole["opening"]) == (0, 0)
    assert [len(one["ledger"]) for one in (whole, before, after)] == [5, 4, 1]
    assert (after["left_out"], after["opening"]) == (4, before["balance"])
    assert before["balance"] - 10_000 == after["balance"] == whole["balance"]
    assert after["grants"] == whole["grants"]
    text = run("statement", "ada", "--currency", "USD", "--from", instant).stdout
    assert "4 earlier entries left out, which came to 1,234,569.00" in text


def test_at_most_so_many_entries_are_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An invoice that one of them touched is told whole all the same."""
    whole = told(run)
    monkeypatch.setattr("worker.cli.statement_read.ENTRIES_MAX", 1)
    newest = told(run)
    assert [row["seq"] for row in newest["ledger"]] == [4]
    assert (newest["left_out"], newest["opening"]) == (3, 123_459_400)
    assert newest["invoices"] == whole["invoices"]
    assert newest["gone"] == whole["gone"]


def test_what_a_person_can_mend(run: Run, tmp_path: Path) -> None:
    assert "did you mean ada?" in run("statement", "adda").stderr
    result = run("statement", "ada", "--html", str(tmp_path / "none" / "page.html"))
    assert result.exit_code == 2
    assert "cannot write" in result.stderr
    assert "No such file or directory" in result.stderr
    day = "2026-01-01T00:00:00Z"
    both = run("statement", "ada", "--to", day, "--at", day)
    assert "name one of them" in both.stderr
    assert "must be earlier" in run("statement", "ada", "--to", day, "--from", day).stderr
