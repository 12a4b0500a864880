"""A year of a real shop, decided as it comes: the statement, the months and the accounting files.

The data are not in the repository: UCI's Online Retail, an invoice or a credit note a line, as
CloudEvents. `TEST_RETAIL_DATA` names the file. Its instants are moved so that the newest is past
by an hour, since a message cannot be dated further back than a year (R3).
"""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.accounting.checkers import bean_check, hledger, run
from tests.cli import conftest
from tests.cli.conftest import Drain, Run

DATA = os.environ.get("TEST_RETAIL_DATA", "")
TENANT = "online-retail"
OF_TENANT = ("--tenant", TENANT)
INSTANTS = ("issued_at", "effective_at", "expires_at", "sent_at")

pytestmark = pytest.mark.skipif(
    not DATA, reason="TEST_RETAIL_DATA names no file of the Online Retail data as CloudEvents"
)
# One database for all of it: fixtures of the command line, for as long as a test.
command, store, drain = conftest.run, conftest.store, conftest.drain


def events() -> Iterator[dict[str, Any]]:
    """The file's events, moved; before them, how far back they may be dated."""
    with gzip.open(DATA) as lines:
        found: list[dict[str, Any]] = [json.loads(line) for line in lines]
    newest = max(datetime.fromisoformat(event["time"]) for event in found)
    moved = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1) - newest
    window = {"tenant": TENANT, "customer": "-", "currency": "GBP", "late_window": 366 * 86_400}
    yield {**found[0], "id": "window", "type": "tenant.configure", "data": window}
    for event in found:
        for part, name in ((event, "time"), *((event["data"], name) for name in INSTANTS)):
            if name in part:
                part[name] = (datetime.fromisoformat(part[name]) + moved).isoformat()
        yield event


def months(now: datetime) -> Iterator[tuple[str, str]]:
    """The last fourteen, each from its first instant to that of the next."""
    number = now.year * 12 + now.month - 1
    edges = [
        f"{at // 12:04d}-{at % 12 + 1:02d}-01T00:00:00Z" for at in range(number - 13, number + 2)
    ]
    return pairwise(edges)


def test_a_year_of_a_shop(command: Run, drain: Drain, tmp_path: Path) -> None:
    """All in one: what takes its time is to decide the year."""
    sent = list(events())
    customers = Counter(event["data"]["customer"] for event in sent)
    for name, part in (("window", sent[:1]), ("year", sent)):
        file = tmp_path / f"{name}.jsonl"
        file.write_text("".join(json.dumps(event) + "\n" for event in part))
        assert command("publish", str(file)).exit_code == 0
        drain()
    assert json.loads(command("quarantine", "list", "--json").stdout) == []

    (busiest, _), *_ = customers.most_common(1)
    page = command("statement", busiest, *OF_TENANT, "--html", "-")
    assert page.stdout.startswith("<!DOCTYPE html>")
    (told,) = json.loads(command("statement", busiest, *OF_TENANT, "--json").stdout)
    assert told["left_out"] == 0
    assert told["opening"] + sum(row["amount"] for row in told["ledger"]) == told["balance"]

    closing = 0
    for first, end in months(datetime.now(UTC)):
        month = command(
            "reconcile", *OF_TENANT, "--by", "dated", "--from", first, "--to", end, "--json"
        )
        (pounds,) = json.loads(month.stdout)["currencies"]
        assert (month.exit_code, set(pounds["differences"].values())) == (0, {0}), first
        assert pounds["total"]["opening"] == closing
        closing = pounds["total"]["closing"]
    assert closing == told_by_balances(command) > 0

    for kind, check in (("hledger", (hledger(), "check", "--strict", "-f")),
                        ("beancount", (bean_check(),))):  # fmt: skip
        file = tmp_path / f"retail.{kind}"
        command("export", *OF_TENANT, "--format", kind, "--output", str(file))
        assert run(*check, str(file)) == ""


def told_by_balances(command: Run) -> int:
    """What all accounts have, in minor units."""
    (pounds,) = json.loads(command("reconcile", *OF_TENANT, "--json").stdout)["currencies"]
    total: int = pounds["closing_by_balances"]
    return total
