"""`scrip credits` and `scrip writeoffs` answer in a billing system's own words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import Drain, Run, Write
from tests.cli.messages import line

BODIES = [
    line("tenant.configure", "c", tolerances={"basic": {"USD": 5}}, plan="basic"),
    line("credit.grant", "g1", grant="bought", amount="100.00"),
    line("invoice.created", "i1", invoice="A", amount_due="30.00"),
    line("invoice.created", "i2", invoice="B", amount_due="10.00"),
    line("invoice.voided", "v2", invoice="B", reason="wrong address"),
    line("credit.deduct", "d1", amount="5.00"),
    line("credit.deduct", "d2", amount="6.00"),
    line("credit.reverse", "r2", entry=6, note="was a mistake"),
    line("credit.reverse", "r3", invoice="A", amount="1.00"),
    line("credit.transfer", "t", transfer="t1", to_customer="bob", amount="7.00"),
    line("credit.grant", "g2", grant="wrong", amount="2.00"),
    line("credit.void", "gv", grant="wrong", reason="never paid"),
    line("invoice.created", "i3", invoice="C", amount_due="0.03", auto_apply=False),
    line("payment.shortfall", "p1", invoice="C", shortfall="0.03", writeoff="w1", parent="pay-1",
         created_by={"type": "user", "id": "eve"}),
    line("invoice.created", "i4", invoice="D", amount_due="0.04", auto_apply=False),
    line("payment.shortfall", "p2", invoice="D", shortfall="0.04", writeoff="w2"),
    line("writeoff.reverse", "wr", writeoff="w2", reason="bank was late"),
    line("credit.grant", "y", grant="yen", amount=5, currency="JPY"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def published(run: Run, drain: Drain, write: Write) -> None:
    run("publish", str(write(BODIES)))
    drain()


def listed(run: Run, command: str, *options: str, currency: str = "USD") -> Any:
    done = run(command, "ada", "--currency", currency, "--json", *options)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def brief(found: Any) -> list[tuple[str, str, int, str | None]]:
    return [
        (item["creditType"], item["creditState"], item["amount"], item["reversalReason"])
        for item in found["items"]
    ]


def test_an_accounts_credits_have_their_types_and_states(run: Run) -> None:
    found = listed(run, "credits")
    assert found["listCompleted"] is True
    assert brief(found) == [
        ("shortfallWriteOff", "reversed", 4, "bank was late"),
        ("shortfallWriteOff", "distributed", 3, None),
        ("payment", "reversed", 200, "never paid"),
        ("disbursement", "executed", 700, None),
        ("disbursement", "reversed", 600, "was a mistake"),
        ("disbursement", "executed", 500, None),
        ("creditDistribution", "reversed", 1_000, "wrong address"),
        ("creditDistribution", "executed", 3_000, None),
        ("payment", "posted", 10_000, None),
    ]
    assert found["items"][0]["locator"] == "w2"
    assert len({item["locator"] for item in found["items"]}) == 9
    for item in found["items"]:
        assert (item["reversedAt"] is not None) == (item["creditState"] == "reversed")
        assert item["createdAt"] == item["realizedAt"]


def test_what_came_from_another_is_a_payment(run: Run) -> None:
    done = json.loads(run("credits", "bob", "--json").stdout)
    assert brief(done) == [("payment", "posted", 700, None)]


def test_an_invoices_credits_leave_out_what_was_taken_back(run: Run) -> None:
    assert brief(listed(run, "credits", "--invoice", "B")) == []
    everything = listed(run, "credits", "--invoice", "B", "--include-reversed")
    assert brief(everything) == [("creditDistribution", "reversed", 1_000, "wrong address")]
    assert brief(listed(run, "credits", "--invoice", "A")) == [
        ("creditDistribution", "executed", 3_000, None)
    ]
    assert brief(listed(run, "credits", "--invoice", "nobody's")) == []


def test_offset_and_count_cut_a_list(run: Run) -> None:
    whole = listed(run, "credits")["items"]
    for start in range(0, len(whole) + 2, 2):
        part = listed(run, "credits", "--offset", str(start), "--count", "2")
        assert part["items"] == whole[start : start + 2]
        assert part["listCompleted"] == (start + 2 >= len(whole))


def test_extended_says_where_it_went(run: Run) -> None:
    item = listed(run, "credits", "--invoice", "A", "--extended")["items"][0]
    assert item["allocations"] == [{"grant": "bought", "line": None, "amount": 3_000}]
    assert item["cause"] == {"source": "shop", "id": "i1", "type": "invoice.created"}
    assert (item["seq"], item["invoice"], item["reversedAmount"]) == (2, "A", 100)


def test_write_offs_are_one_or_many(run: Run) -> None:
    found = listed(run, "writeoffs")
    assert [item["locator"] for item in found["items"]] == ["w2", "w1"]
    assert found["listCompleted"] is True
    (one,) = listed(run, "writeoffs", "--writeoff", "w1", "--extended")["items"]
    assert one | {"createdAt": "", "accountLocator": ""} == {
        "locator": "w1",
        "creditType": "shortfallWriteOff",
        "shortfallCreditState": "distributed",
        "currency": "USD",
        "amount": 3,
        "createdAt": "",
        "createdBy": "eve",
        "accountLocator": "",
        "targets": [{"invoice": "C", "line": None, "amount": 3}],
        "parentCreditLocator": "pay-1",
        "reversalReason": None,
        "reversedAt": None,
        "plan": "basic",
        "seq": 13,
    }
    (other,) = listed(run, "writeoffs", "--invoice", "D")["items"]
    assert (other["shortfallCreditState"], other["reversalReason"]) == (
        "reversed",
        "bank was late",
    )
    cut = listed(run, "writeoffs", "--count", "1")
    assert (cut["listCompleted"], len(cut["items"])) == (False, 1)
    assert run("writeoffs", "ada", "--currency", "USD", "--writeoff", "w9").exit_code == 1


def test_people_read_a_table(run: Run) -> None:
    told = " ".join(run("credits", "ada", "--currency", "USD", "--count", "1").stdout.split())
    assert "w2 shortfallWriteOff reversed 0.04" in told
    assert "1 row; --offset shows those behind them" in told
    told = " ".join(run("writeoffs", "ada", "--currency", "USD").stdout.split())
    assert "w1 shortfallWriteOff distributed 0.03" in told
    assert "C pay-1" in told


@pytest.mark.parametrize(
    ("options", "told"),
    [([], "choose one with --currency"), (["--include-reversed"], "goes with --invoice")],
)
def test_what_cannot_be_asked_is_told(run: Run, options: list[str], told: str) -> None:
    done = run("credits", "ada", *options)
    assert done.exit_code == 2
    assert told in " ".join(done.stderr.replace("│", " ").split())
