"""`scrip balance` and `scrip ledger` answer what people ask on the telephone."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Drain, Run, Write
from tests.cli.messages import line

BODIES = [
    line("credit.grant", "g1", amount="100.00", grant="bought", note="top-up", created_by="eve"),
    line("credit.grant", "g2", amount=2_000, grant="gift", category="promotional", priority=10,
         expires_at="2099-01-01T00:00:00Z", scope=["api"]),
    line("credit.grant", "g3", amount=700, grant="next year", effective_at="2098-01-01T00:00:00Z"),
    line("invoice.created", "i1", invoice="INV-1", amount_due=2_500),
    line("credit.grant", "y1", amount=1_250, currency="JPY"),
    line("credit.grant", "b1", amount=1, customer="bob", tenant="acme"),
    line("credit.grant", "e1", amount=1, customer="[red]evil[/red]", note="\u001b[31m\n[bold]x"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def published(run: Run, drain: Drain, write: Write) -> None:
    run("publish", str(write(BODIES)))
    drain()


def test_available_comes_first(run: Run) -> None:
    first, second, *rest = run("balance", "ada", "--currency", "USD").stdout.splitlines()
    assert first == "ada (default) has 95.00 USD available"
    assert second == "balance 102.00, of which 7.00 not yet effective"
    rows = [row for row in rest if ".00" in row]
    assert [row.split()[0] for row in rows] == ["gift", "bought", "next"]
    assert "2099-01-01 00:00" in rows[0]
    assert "never" in rows[1]
    assert "api" in rows[0]


def test_every_currency_has_its_own_decimals(run: Run) -> None:
    told = run("balance", "ada").stdout
    assert "1250 JPY available" in told
    assert "95.00 USD available" in told
    assert [row["available"] for row in json.loads(run("balance", "ada", "--json").stdout)] == [
        1_250,
        9_500,
    ]


def test_the_ledger_has_the_newest_row_first(run: Run) -> None:
    told = run("ledger", "ada", "--currency", "USD").stdout
    rows = [row.split() for row in told.splitlines() if row.strip()[:1].isdigit()]
    assert [row[:4] for row in rows] == [
        ["4", "application", "-25.00", "102.00"],
        ["3", "grant", "+7.00", "127.00"],
        ["2", "grant", "+20.00", "120.00"],
        ["1", "grant", "+100.00", "100.00"],
    ]
    assert "INV-1" in rows[0]
    assert rows[3][-3:] == ["eve", "top-up", "g1"]


def test_the_ledger_can_be_cut_and_turned(run: Run) -> None:
    told = run("ledger", "ada", "--currency", "USD", "--limit", "2").stdout
    assert "2 of 4 rows" in told
    turned = run("ledger", "ada", "--currency", "USD", "--limit", "1", "--oldest-first", "--json")
    (account,) = json.loads(turned.stdout)
    (row,) = account["ledger"]
    assert (row["seq"], row["amount"]) == (1, 10_000)
    assert row["context"] == {"created_by": {"id": "eve", "type": "user"}, "note": "top-up"}
    assert row["cause"] == {"source": "shop", "id": "g1", "type": "credit.grant"}


def test_what_others_wrote_is_no_markup(run: Run) -> None:
    told = run("ledger", "[red]evil[/red]").stdout
    assert "[red]evil[/red]" in told
    assert "[bold]x" in told
    assert "\x1b" not in told


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["adda"], "did you mean ada?"),
        (["ADA"], "an account is there from its first message on"),
        (["ada", "--currency", "EUR"], "there are accounts in JPY, USD"),
        (["bob"], "try --tenant acme"),
        (["nobody", "--tenant", "none"], "an account is there from its first message on"),
    ],
)
def test_an_unknown_customer_is_helped(run: Run, arguments: list[str], hint: str) -> None:
    for command in ("balance", "ledger"):
        result = run(command, *arguments)
        assert result.exit_code == 1
        assert result.stdout == ""
        assert "has no customer" in result.stderr
        assert hint in result.stderr
