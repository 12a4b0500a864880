"""`scrip ledger` finds what people ask for, turns pages, and writes all of it into a file."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.cli.conftest import Drain, Run, Write
from tests.cli.messages import line

BODIES = [
    line("credit.grant", "g1", amount="100.00", grant="bought", note="top-up", created_by="eve",
         reference_number="PO-7", tags=[{"key": "team", "value": "blue"}]),
    line("credit.grant", "g2", amount="20.00", grant="gift", note='=HYPERLINK("x")\nand "more"'),
    line("invoice.created", "i1", invoice="INV-1", amount_due="30.00"),
    line("credit.deduct", "d1", amount="5.00", reason="adjustment", created_by={"type": "system",
         "id": "-cron"}),
    line("invoice.created", "i2", invoice="INV-2", amount_due="80.00"),
    line("invoice.voided", "v1", invoice="INV-2"),
    line("credit.grant", "y1", amount=1_250, currency="JPY"),
]  # fmt: skip
COLUMNS = (
    "tenant,customer,currency,seq,kind,amount,balance,invoice,recorded_at,dated_at,"
    "created_by_type,created_by,note,reason,tags,cause_source,cause_id,cause_type,reverses,"
    "allocations"
)


@pytest.fixture(autouse=True)
def published(run: Run, drain: Drain, write: Write, database_url: str) -> None:
    """Six rows in dollars, one a day from the first of March, and one in yen."""
    run("publish", str(write(BODIES)))
    drain()
    with psycopg.connect(database_url) as owner:
        owner.execute("ALTER TABLE entries DISABLE TRIGGER USER")
        owner.execute(
            """UPDATE entries SET recorded_at = timestamptz '2026-02-28 12:00Z' + seq * interval
               '1 day', dated_at = timestamptz '2026-02-28 12:00Z' + seq * interval '1 day'"""
        )
        owner.execute("UPDATE entries SET dated_at = '2026-03-01 00:30Z' WHERE seq = 4")


def account(run: Run, *options: str) -> Any:
    (found,) = json.loads(run("ledger", "ada", "--currency", "USD", "--json", *options).stdout)
    return found


def seqs(run: Run, *options: str) -> list[int]:
    return [row["seq"] for row in account(run, *options)["ledger"]]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ([], [6, 5, 4, 3, 2, 1]),
        (["--type", "grant"], [2, 1]),
        (["--type", "application", "--type", "deduction"], [5, 4, 3]),
        (["--invoice", "INV-2"], [6, 5]),
        (["--invoice", "INV-3"], []),
        (["--from", "2026-03-02T12:00:00Z", "--to", "2026-03-04T13:00:00+01:00"], [3, 2]),
        (["--reference", "PO-7"], [6, 5, 4, 3, 1]),
        (["--tag", "team"], [1]),
        (["--tag", "team=blue"], [1]),
        (["--tag", "team=red"], []),
        (["--after", "2", "--before", "5"], [4, 3]),
        (["--type", "application", "--invoice", "INV-2", "--from", "2026-03-05T00:00:00Z"], [5]),
        (["--oldest-first", "--type", "grant"], [1, 2]),
    ],
)
def test_filters_combine(run: Run, options: list[str], found: list[int]) -> None:
    assert seqs(run, *options) == found


@pytest.mark.parametrize("turn", [[], ["--oldest-first"]])
def test_a_page_names_the_next(run: Run, turn: list[str]) -> None:
    """Rows that arrive between two pages move nothing."""
    turned, cursor = list[int](), list[str]()
    while True:
        page = account(run, "--limit", "4", *turn, *cursor)
        turned += [row["seq"] for row in page["ledger"]]
        if page["next"] is None:
            break
        ((name, seq),) = page["next"].items()
        cursor = [f"--{name}", str(seq)]
    assert turned == sorted(range(1, 7), reverse=not turn)
    told = run("ledger", "ada", "--currency", "USD", "--limit", "4", *turn).stdout
    assert f"4 of 6 rows; {'--after 4' if turn else '--before 3'} goes on" in told
    assert "goes on" not in run("ledger", "ada", "--currency", "USD", "--limit", "6").stdout


def test_every_field_of_an_entry_is_told(run: Run) -> None:
    """Type, amount, running balance, instants, invoice, notes and author."""
    row = account(run, "--type", "deduction")["ledger"][0]
    assert row == {
        "seq": 4,
        "kind": "deduction",
        "amount": -500,
        "balance": 8_500,
        "invoice": None,
        "reverses": [],
        "allocations": [{"grant": "bought", "line": None, "amount": 500}],
        "cause": {"source": "shop", "id": "d1", "type": "credit.deduct"},
        "dated_at": "2026-03-01T00:30:00Z",
        "recorded_at": "2026-03-04T12:00:00Z",
        "context": {"created_by": {"id": "-cron", "type": "system"}, "reason": "adjustment"},
    }
    (shown,) = [
        " ".join(text.split())
        for text in run("ledger", "ada", "--type", "deduction").stdout.splitlines()
        if "-5.00" in text
    ]
    assert shown == (
        "4 deduction -5.00 85.00 2026-03-04 12:00 2026-03-01 00:30 -cron adjustment d1"
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


def test_json_lines_are_the_listed_rows(run: Run, file: Path) -> None:
    filters = ("--from", "2026-03-02T00:00:00Z", "--currency", "USD")
    done = run("ledger", "ada", *filters, "--format", "jsonl", "--output", str(file))
    assert (done.exit_code, done.stdout) == (0, "")
    assert f"5 rows in {file}" in done.stderr.replace("\n", "")
    rows = [json.loads(text) for text in file.read_text().splitlines()]
    name = {"tenant": "default", "customer": "ada", "currency": "USD"}
    assert rows == [{**name, **row} for row in account(run, *filters)["ledger"]]


def test_csv_is_for_spreadsheets(run: Run, file: Path) -> None:
    """Amounts as people write them; what others wrote is never a formula."""
    run("ledger", "ada", "--format", "csv", "--output", str(file))
    assert file.read_text().splitlines()[0] == COLUMNS
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [(row["currency"], row["seq"]) for row in rows] == [
        ("JPY", "1"),
        *(("USD", str(seq)) for seq in (6, 5, 4, 3, 2, 1)),
    ]
    told = {row["seq"]: row for row in rows if row["currency"] == "USD"}
    assert rows[0]["amount"] == "1250"
    assert (told["3"]["amount"], told["3"]["balance"]) == ("-30.00", "90.00")
    assert told["3"]["allocations"] == '[["bought",null,3000]]'
    assert told["2"]["note"] == '\'=HYPERLINK("x")\nand "more"'
    assert (told["4"]["created_by_type"], told["4"]["created_by"]) == ("system", "'-cron")
    assert told["1"]["tags"] == '[{"key":"team","value":"blue"}]'
    assert told["6"]["reverses"] == "[5]"


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_the_same_rows_are_the_same_bytes(run: Run, file: Path, form: str) -> None:
    """In a file, on standard output, and page by page."""
    options = ("ledger", "ada", "--currency", "USD", "--format", form)
    run(*options, "--output", str(file))
    assert run(*options).stdout_bytes == file.read_bytes()
    parts = [run(*options, *cut).stdout for cut in (("--after", "3"), ("--before", "4"))]
    head = f"{COLUMNS}\n" if form == "csv" else ""
    assert "".join((parts[0], parts[1].removeprefix(head))) == file.read_text()
    assert len(run(*options, "--limit", "2").stdout.splitlines()) == 2 + (form == "csv")


def test_a_file_is_complete_or_not_there(run: Run, file: Path, database_url: str) -> None:
    """An export that fails leaves what was there before."""
    file.write_text("before")
    with psycopg.connect(database_url) as owner:
        owner.execute("UPDATE entries SET context = 'no json' WHERE seq = 1")
        owner.commit()
    done = run("ledger", "ada", "--format", "csv", "--output", str(file))
    assert done.exit_code != 0
    assert file.read_text() == "before"
    assert {path.name for path in file.parent.iterdir()} == {"ledger", "messages.jsonl"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--before", "3"], "each account has its own seqs: add --currency, of JPY, USD"),
        (["--limit", "1001"], "a page has at most 1,000 rows"),
        (["--output", "x.csv"], "--format csv or --format jsonl"),
        (["--format", "csv", "--output", "nowhere/x.csv"], "nowhere/x.csv: No such file"),
        (["--format", "csv", "--json"], "--format jsonl writes all rows"),
        (["--type", "gift"], "'gift' is not one of"),
        (["--from", "2026-03-01"], "needs an offset: 2026-03-01T00:00:00Z would be UTC"),
    ],
)
def test_what_cannot_be_asked_is_told(run: Run, options: list[str], told: str) -> None:
    done = run("ledger", "ada", *options)
    assert done.exit_code == 2
    assert told in " ".join(done.stderr.replace("│", " ").split())


def test_nothing_found_is_said(run: Run) -> None:
    done = run("ledger", "ada", "--currency", "USD", "--invoice", "INV-9")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "none of 6 rows is what you asked for" in done.stderr
