"""`scrip invoice` tells which grant paid which line, and what went back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import Drain, Run, Write
from tests.cli.messages import line

LINES = [
    {"id": "l1", "product": "web", "amount": 100},
    {"id": "l2", "product": "api", "amount": 200},
]
BODIES = [
    line("credit.grant", "g1", amount=150, grant="api", scope=["api"], priority=1),
    line("credit.grant", "g2", amount=120, grant="any"),
    line("invoice.created", "i1", invoice="INV", amount_due=300, lines=LINES),
    line("invoice.created", "i2", invoice="VOID", amount_due=30),
    line("credit.grant", "b1", amount=9, customer="bob", tenant="acme"),
    line("invoice.created", "b2", invoice="INV", amount_due=9, customer="bob", tenant="acme"),
]


@pytest.fixture(autouse=True)
def published(run: Run, drain: Drain, write: Write) -> None:
    run("publish", str(write(BODIES)))
    drain()


def found(run: Run, *arguments: str) -> list[Any]:
    return list(json.loads(run("invoice", *arguments, "--json").stdout))


def test_which_grant_paid_which_line(run: Run) -> None:
    (invoice,) = found(run, "INV", "--customer", "ada")
    assert (invoice["amount_due"], invoice["applied"], invoice["due"]) == (300, 270, 30)
    assert [(row["line"], row["paid"]) for row in invoice["lines"]] == [("l1", 100), ("l2", 170)]
    assert [tuple(use.values()) for use in invoice["stands"]] == [
        ("api", "l2", 150, 3),
        ("any", "l1", 100, 3),
        ("any", "l2", 20, 3),
    ]
    told = run("invoice", "INV", "--customer", "ada").stdout.splitlines()
    assert told[:2] == [
        "Invoice INV of ada (default): open",
        "amount due 3.00, applied 2.70, still due 0.30 USD; issued 2100-01-01 00:00 UTC",
    ]
    paid = [row.split() for row in told if "application" in row]
    assert [row[4:] for row in paid] == [
        ["api", "l2", "-1.50", "1.50", "i1"],
        ["any", "l1", "-1.00", "1.00", "i1"],
        ["any", "l2", "-0.20", "0.20", "i1"],
    ]


def test_what_was_given_back(run: Run, drain: Drain, write: Write) -> None:
    run("publish", str(write([line("invoice.voided", "v1", invoice="INV")])))
    drain()
    told = run("invoice", "INV", "--customer", "ada").stdout
    assert "applied 0.00, still due 0.00" in told
    rows = [row.split() for row in told.splitlines() if "reversal" in row]
    assert [row[0] for row in rows] == ["4", "4", "4"]
    assert [row[4:] for row in rows] == [
        ["any", "l2", "0.20", "3", "v1"],
        ["any", "l1", "1.00", "3", "v1"],
        ["api", "l2", "1.50", "3", "v1"],
    ]
    stands = [row.split()[-2] for row in told.splitlines() if "application" in row]
    assert stands == ["0.00", "0.00", "0.00"]


def test_an_invoice_is_found_without_its_customer(run: Run) -> None:
    assert run("invoice", "VOID").stdout.startswith("Invoice VOID of ada (default): open")
    assert "no credit has touched it" in run("invoice", "VOID").stdout


def test_several_accounts_with_the_same_invoice_are_listed(run: Run) -> None:
    result = run("invoice", "INV")
    rows = [row.split() for row in result.stdout.splitlines() if "open" in row]
    assert [row[:3] for row in rows] == [["acme", "bob", "USD"], ["default", "ada", "USD"]]
    assert "choose one with --customer" in result.stdout
    assert len(found(run, "INV")) == 2
    (bobs,) = found(run, "INV", "--tenant", "acme")
    assert (bobs["customer"], bobs["applied"]) == ("bob", 9)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["NOPE"], "no account has an invoice NOPE"),
        (["INV", "--currency", "EUR"], "no account has an invoice INV"),
        (["NOPE", "--customer", "ada"], "ada has no invoice NOPE"),
        (["INV", "--customer", "nobody"], "default has no customer nobody"),
    ],
)
def test_an_unknown_invoice(run: Run, arguments: list[str], sentence: str) -> None:
    result = run("invoice", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert sentence in result.stderr
