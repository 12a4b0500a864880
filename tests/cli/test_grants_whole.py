"""`scrip grants --grant` shows a credit as one object; `--reference` finds it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import Drain, Run, Write
from tests.cli.messages import line

ITEMS = [
    {
        "id": "seats",
        "amount": 6_000,
        "ledger_account": "SALES",
        "memo": "two",
        "metadata": {"x": 1},
    },
    {"id": "api", "amount": 4_000, "ledger_account": "USAGE"},
]
BODIES = [
    line("credit.grant", "g1", grant="paid", external_id="vc001", amount="100.00", memo="returned",
         reference_number="PO-7", sent_at="2026-01-01T00:00:00Z", line_items=ITEMS,
         tags=[{"key": "department", "value": "sales"}], metadata={"case": 17}, note="by phone",
         created_by="eve"),
    line("credit.grant", "g2", grant="other", amount="1.00", reference_number="PO-8"),
    line("invoice.created", "i1", invoice="A", lines=[
        {"id": "1", "product": "api", "amount": 2_000}, {"id": "2", "amount": 500}],
        amount_due=2_500),
    line("invoice.created", "i2", invoice="B", amount_due="10.00"),
    line("credit.reverse", "r", invoice="B", amount="4.00"),
    line("invoice.created", "i3", invoice="C", amount_due="1.00"),
    line("invoice.voided", "v3", invoice="C"),
    line("credit.void", "gv", grant="other"),
    line("credit.amend", "am", grant="paid", memo="goods returned"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def published(run: Run, drain: Drain, write: Write) -> None:
    """All at one instant, but for the amendment."""
    for part in (BODIES[:-1], BODIES[-1:]):
        run("publish", str(write(part)))
        drain()


def one(run: Run, grant: str) -> Any:
    (found,) = json.loads(run("grants", "ada", "--grant", grant, "--json").stdout)
    return found


def test_its_external_id_finds_it(run: Run) -> None:
    """Where no grant has this id: that one comes first."""
    assert one(run, "vc001") == one(run, "paid")
    assert "Grant paid of ada" in run("grants", "ada", "--grant", "vc001").stdout
    assert one(run, "other")["reference_number"] == "PO-8"


def test_a_credit_is_one_object(run: Run) -> None:
    found = one(run, "paid")
    said = {
        "grant": "paid",
        "external_id": "vc001",
        "tenant": "default",
        "customer": "ada",
        "currency": "USD",
        "amount": 10_000,
        "sent_at": "2026-01-01T00:00:00Z",
        "memo": "goods returned",
        "reference_number": "PO-7",
        "tags": [{"key": "department", "value": "sales"}],
        "metadata": {"case": 17},
        "note": "by phone",
        "created_by": {"type": "user", "id": "eve"},
        "line_items": ITEMS,
    }
    assert {name: found[name] for name in said} == said


def test_its_allocations_are_what_stands_on_invoices(run: Run) -> None:
    """Whatever was given back is no allocation any more."""
    assert one(run, "paid")["allocations"] == [
        {"id": "3/1", "grant": "paid", "invoice": "A", "line": "1", "amount": 2_000},
        {"id": "3/2", "grant": "paid", "invoice": "A", "line": "2", "amount": 500},
        {"id": "4", "grant": "paid", "invoice": "B", "line": None, "amount": 600},
    ]


def test_it_says_when_it_came_changed_and_went(run: Run) -> None:
    """An amendment changes it without an entry; a void is what deletes it."""
    paid, other = one(run, "paid"), one(run, "other")
    assert paid["created_at"] < paid["updated_at"]
    assert paid["deleted_at"] is None
    assert other["created_at"] == other["deleted_at"] == other["updated_at"] == paid["created_at"]
    assert other["state"] == "voided"


def test_a_reference_number_filters_the_list(run: Run) -> None:
    (found,) = json.loads(run("grants", "ada", "--reference", "PO-7", "--json").stdout)
    assert [grant["grant"] for grant in found["grants"]] == ["paid"]
    told = run("grants", "ada", "--reference", "PO-7").stdout
    assert "1 of 2 grants in USD" in told
    assert "no such grant" in run("grants", "ada", "--reference", "PO-9").stdout
