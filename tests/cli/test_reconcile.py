"""`scrip reconcile`: the credit summary, and whether it comes to zero."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import text

from db.books import snapshot
from db.look_ups import By, Period, balances, moved, remaining
from db.store import PostgresStore
from domain.books import Books
from tests.accounting.books import summary
from tests.cli.conftest import Drain, Run, Write
from tests.cli.messages import line
from tests.reference.mixes import mix
from worker.accounting.reconciling import summaries

BODIES = [
    line("tenant.configure", "c", tolerances={"basic": {"USD": 5}}, plan="basic"),
    line("credit.grant", "g1", grant="bought", amount="100.00"),
    line("credit.grant", "g2", amount="20.00", category="promotional"),
    line("invoice.created", "i", invoice="INV", amount_due="30.00"),
    line("credit.reverse", "r", invoice="INV", amount="4.00"),
    line("credit.deduct", "d", amount="1.00"),
    line("credit.transfer", "t", transfer="move", to_customer="bob", amount="7.00"),
    line("invoice.created", "s", invoice="SHORT", amount_due="0.05", auto_apply=False),
    line("payment.shortfall", "p", invoice="SHORT", shortfall="0.05"),
    line("credit.void", "v", grant="bought"),
    line("credit.grant", "g3", amount="1.250", currency="KWD"),
]


@pytest.fixture
def few(run: Run, drain: Drain, write: Write) -> None:
    run("publish", str(write(BODIES)))
    drain()


def data(run: Run, *options: str, exit_code: int = 0) -> dict[str, Any]:
    result = run("reconcile", "--json", *options)
    assert result.exit_code == exit_code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def lines(part: dict[str, int]) -> dict[str, int]:
    return {name: amount for name, amount in part.items() if amount}


def of(found: dict[str, Any], currency: str) -> dict[str, Any]:
    (one,) = (one for one in found["currencies"] if one["currency"] == currency)
    assert isinstance(one, dict)
    return one


@pytest.mark.usefixtures("few")
def test_every_line_has_its_amount(run: Run) -> None:
    found = data(run)
    assert found["clean"]
    usd = of(found, "USD")
    assert lines(usd["categories"]["paid"]) == {
        "issued": 10000, "applied": -1000, "returned": 400, "deducted": -100,
        "moved_in": 700, "moved_out": -700, "voided": -8600, "closing": 700, "by_grants": 700,
    }  # fmt: skip
    assert lines(usd["categories"]["promotional"]) == {
        "issued": 2000, "applied": -2000, "writeoff_granted": 5, "writeoff_applied": -5,
    }  # fmt: skip
    assert usd["total"]["closing"] == usd["closing_by_balances"] == 700
    assert set(usd["differences"].values()) == {0}
    assert (of(found, "KWD")["decimals"], of(found, "KWD")["total"]["closing"]) == (3, 1250)


@pytest.mark.usefixtures("few")
def test_one_customer_sees_what_moved(run: Run) -> None:
    """A transfer is between customers, so it comes to zero for the tenant only."""
    ada, bob = data(run, "--customer", "ada"), data(run, "--customer", "bob")
    assert of(ada, "USD")["total"]["moved_out"] == -700
    assert lines(of(bob, "USD")["total"]) == {"moved_in": 700, "closing": 700, "by_grants": 700}
    assert [one["currency"] for one in bob["currencies"]] == ["USD"]


@pytest.mark.usefixtures("few")
def test_a_table_for_people(run: Run) -> None:
    told = run("reconcile", "--currency", "KWD", "--from", "2000-01-01T00:00:00Z").stdout
    words = " ".join(told.split())
    assert words.startswith("from 2000-01-01T00:00:00Z, by recorded_at default, KWD paid total")
    for part in ("opening 0.000 0.000", "issued 1.250 1.250", "difference 0.000 0.000",
                 "closing by balances 1.250 difference 0.000"):  # fmt: skip
        assert part in words
    assert told.endswith("reconcile: clean\n")


@pytest.mark.parametrize("by", By)
def test_the_database_sums_as_one_would_by_hand(
    run: Run, drain: Drain, write: Write, store: PostgresStore, by: By
) -> None:
    """Every kind of message, every tenant and customer, and periods cut at entries' instants."""
    messages = (message for message, _ in mix(5, 600) if message is not None)
    for part in chunks([json.dumps(message).encode() for message in messages], 150):
        run("publish", str(write(part)))
        drain()
    with snapshot(store.engine) as seen:
        accounts = list(seen.books())
        at = sorted({edge for books in accounts for edge in instants(books, by)})
        edges = (None, at[len(at) // 3], at[-len(at) // 3], None)
        for customer in (None, accounts[0].key.customer):
            for place, first in enumerate(edges[:-1]):
                for end in edges[max(place, 1) :]:
                    period = Period("default", customer, None, first, end, by)
                    assert summaries(
                        moved(seen, period), remaining(seen, period), balances(seen, period)
                    ) == summary(of_period(accounts, period), first, end, by)


def of_period(accounts: list[Books], period: Period) -> list[Books]:
    return [
        books
        for books in accounts
        if books.key.tenant == period.tenant and period.customer in (None, books.key.customer)
    ]


def instants(books: Books, by: By) -> list[Any]:
    return [getattr(entry, f"{by}_at") for entry in books.entries]


def chunks(bodies: list[bytes], size: int) -> list[list[bytes]]:
    return [bodies[place : place + size] for place in range(0, len(bodies), size)]


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("harm", "wrong"),
    [
        ("UPDATE grants SET remaining = remaining + 1, used = used - 1 WHERE grant_id = 'g2'",
         ["promotional_by_grants"]),
        ("UPDATE accounts SET balance = balance + 1 WHERE customer = 'bob'",
         ["opening_by_balances", "closing_by_balances"]),
        ("DELETE FROM grants WHERE remaining = 700", ["unknown_by_grants"]),
    ],
)  # fmt: skip
def test_what_does_not_come_to_zero_is_said(
    run: Run, store: PostgresStore, harm: str, wrong: list[str]
) -> None:
    with store.engine.begin() as connection:
        connection.execute(text(harm))
    found = data(run, exit_code=1)
    assert not found["clean"]
    differences = of(found, "USD")["differences"]
    assert [name for name, difference in differences.items() if difference] == wrong
    result = run("reconcile")
    assert result.exit_code == 1
    assert "reconcile: USD does not come to zero; see `scrip verify`" in result.stdout


def test_nobody_is_no_success(run: Run) -> None:
    result = run("reconcile", "--tenant", "nobody", "--customer", "ada")
    assert result.exit_code == 1
    assert "nobody has no credit here of ada: is it another --tenant's?" in result.stderr
    wrong = ("--from", "2026-02-01T00:00:00Z", "--to", "2026-01-01T00:00:00Z")
    assert run("reconcile", *wrong).exit_code == 2
