"""`scrip export`: what the database holds, as it would be booked from its books."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from db.books import snapshot
from db.store import PostgresStore
from tests.accounting.books import transactions
from tests.accounting.checkers import hledger
from tests.accounting.checkers import run as program
from tests.cli.conftest import Drain, Run, Write
from tests.cli.messages import line
from tests.reference.mixes import mix

ITEMS = [
    {"id": "1", "amount": "60.00", "ledger_account": "4000", "memo": "Returned, used"},
    {"id": "2", "amount": "40.00"},
]
BODIES = [
    line("tenant.configure", "u", units={"TOKENS": 1, "api calls": 0}),
    line("credit.grant", "g1", grant="bought", amount="100.00", line_items=ITEMS, note="=1+1"),
    line("credit.grant", "g2", grant="gift", amount="20.00", category="promotional"),
    line("credit.grant", "g3", amount="1.250", currency="KWD"),
    line("credit.grant", "g4", amount=7, currency="JPY", customer="bob"),
    line("credit.grant", "g5", amount="7.5", currency="TOKENS"),
    line("credit.grant", "g6", amount=5, currency="api calls"),
    line("invoice.created", "i", invoice="INV", amount_due="30.00"),
]
ISSUED = re.compile(r"^(Assets:Clearing:CreditIssued|Expenses:PromotionalCredit):.*")
FORMATS = ("hledger", "beancount", "csv", "jsonl")


@pytest.fixture
def few(run: Run, drain: Drain, write: Write) -> None:
    run("publish", str(write(BODIES)))
    drain()


def exported(run: Run, *options: str) -> str:
    result = run("export", *options)
    assert result.exit_code == 0, result.output
    return result.stdout


def rows(run: Run, *options: str) -> list[dict[str, Any]]:
    return [json.loads(row) for row in exported(run, "--format", "jsonl", *options).splitlines()]


@pytest.mark.parametrize("by", ["recorded", "dated"])
def test_it_is_what_the_books_say(
    run: Run, drain: Drain, write: Write, store: PostgresStore, by: str
) -> None:
    """Of every kind of message, tenant by tenant; the database looks the categories up."""
    messages = (message for message, _ in mix(3, 1_200) if message is not None)
    run("publish", str(write(json.dumps(message).encode() for message in messages)))
    drain()
    with snapshot(store.engine) as seen:
        accounts = sorted(seen.books(), key=lambda books: books.key)
    kinds = set[str]()
    for tenant in sorted({books.key.tenant for books in accounts}):
        expected = [
            (one.key.customer, one.key.currency, one.entry.seq, one.entry.kind,
             folded(posting[:2] for posting in one.postings))
            for books in accounts
            if books.key.tenant == tenant
            for one in transactions(books)
        ]  # fmt: skip
        found = rows(run, "--tenant", tenant, "--by", by)
        assert expected == [
            (row["customer"], row["currency"], row["seq"], row["kind"],
             folded((posting["account"], posting["amount"]) for posting in row["postings"]))
            for row in found
        ]  # fmt: skip
        assert all(row["date"] == row[f"{by}_at"][:10] for row in found)
        kinds.update(row["kind"] for row in found)
    assert len(kinds) >= 9


def folded(postings: Iterable[tuple[str, int]]) -> Counter[str]:
    """Amounts by account; books do not have the line items, which stand below `issued`."""
    found = Counter[str]()
    for account, amount in postings:
        found[ISSUED.sub(r"\1", account)] += amount
    return found


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("form", FORMATS)
def test_the_same_ledger_is_the_same_bytes(run: Run, tmp_path: Path, form: str) -> None:
    path = tmp_path / "ledger"
    result = run("export", "--format", form, "--output", str(path))
    assert (result.stdout, result.stderr) == ("", f"7 transactions of default in {path}\n")
    assert path.read_bytes() == exported(run, "--format", form).encode()
    assert [entry.name for entry in tmp_path.iterdir() if "ledger" in entry.name] == ["ledger"]


@pytest.mark.usefixtures("few")
def test_beancount_has_every_decimal_and_unit(run: Run) -> None:
    text = exported(run, "--format", "beancount", "--customer", "ada")
    for words in (
        "  Liabilities:DeferredRevenue  -1.250 KWD\n",
        "  Liabilities:DeferredRevenue  -7.5 TOKENS\n",
        "  Liabilities:PromotionalCredit  -20.00 USD\n",
        '  Assets:Clearing:CreditIssued:4000  60.00 USD\n    item: "1"\n',
        '    memo: "Returned, used"\n  Assets:Clearing:CreditIssued  40.00 USD\n',
        '* "ada" "credit applied, invoice INV"\n',
        '  note: "=1+1"\n',
        '  unit: "api calls"\n  decimals: 0\n',
    ):
        assert words in text
    assert "JPY" not in text


@pytest.mark.usefixtures("few")
def test_hledger_sums_it_up(run: Run, tmp_path: Path) -> None:
    found, path = hledger(), tmp_path / "journal"
    exported(run, "--format", "hledger", "--currency", "USD", "--output", str(path))
    told = program(found, "-f", str(path), "balance", "-N", "--flat", "-O", "csv")
    assert dict(list(csv.reader(told.splitlines()))[1:]) == {
        "Assets:Clearing:CreditIssued": "40.00 USD",
        "Assets:Clearing:CreditIssued:4000": "60.00 USD",
        "Assets:Receivable": "-30.00 USD",
        "Expenses:PromotionalCredit": "20.00 USD",
        "Liabilities:DeferredRevenue": "-90.00 USD",
    }


@pytest.mark.usefixtures("few")
def test_a_spreadsheet_gets_numbers_and_no_formulas(run: Run) -> None:
    found = list(csv.DictReader(exported(run).splitlines()))
    assert {row["note"] for row in found if row["note"]} == {"'=1+1"}
    assert [row["amount"] for row in found if row["currency"] == "JPY"] == ["-7", "7"]
    assert [row["grant"] for row in found if row["kind"] == "application"] == ["gift", "bought", ""]


@pytest.mark.usefixtures("few")
def test_a_chart_of_ones_own(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "chart.toml"
    path.write_text(
        '[ledger_accounts]\n4000 = "Income:Returns"\n[commodities]\n"api calls" = "CALLS"'
    )
    text = exported(run, "--format", "beancount", "--chart", str(path))
    assert "  Income:Returns  60.00 USD\n" in text
    assert "  Assets:Clearing:CreditIssued  5 CALLS\n" in text
    path.write_text(exported(run, "--print-chart"))
    assert exported(run, "--chart", str(path)) == exported(run)
    path.write_text('[accounts]\naplied = "Assets:A"')
    result = run("export", "--chart", str(path))
    assert result.exit_code == 2
    assert "did you mean applied?" in result.output


@pytest.mark.usefixtures("few")
def test_two_periods_are_the_whole(run: Run) -> None:
    found = rows(run)
    edge = sorted(row["recorded_at"] for row in found)[-1]
    earlier, later = rows(run, "--to", edge), rows(run, "--from", edge)
    assert later and len(earlier) + len(later) == len(found)
    assert {row["recorded_at"] for row in later} == {edge}
    assert rows(run, "--from", next_year(edge)) == []


def next_year(edge: str) -> str:
    return f"{int(edge[:4]) + 1}{edge[4:]}"


def test_nothing_is_an_empty_file_that_says_so(run: Run) -> None:
    result = run("export", "--format", "beancount", "--tenant", "nobody")
    assert result.exit_code == 0
    assert result.stdout == "; scrip: nobody, all customers, all currencies, by recorded_at\n"
    assert "0 transactions of nobody" in result.stderr
