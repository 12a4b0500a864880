"""`scrip simulate` and `scrip state` with holds, transfers, write-offs and settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from domain.verbs import VERBS
from tests.cli.conftest import Drain, Run, Write
from tests.cli.messages import line
from tests.reference.mixes import mix

DAY = "2024-03-01T{}Z"
Data = dict[str, Any]


def at(clock: str) -> str:
    return DAY.format(clock)


def simulated(run: Run, file: Path, *options: str) -> Data:
    result = run("simulate", str(file), "--json", *options)
    assert result.exit_code == 0, result.stderr
    found: Data = json.loads(result.stdout)
    return found


def account(state: Data, customer: str = "ada") -> Data:
    (found,) = (row for row in state["accounts"] if row["customer"] == customer)
    return dict(found)


def rows(found: Data) -> list[tuple[str, int]]:
    return [(row["kind"], row["amount"]) for row in found["ledger"]]


@pytest.mark.parametrize(("seed", "path"), [(1, "drain"), (2, "drain"), (3, "drain_in_processes")])
def test_simulate_now_equals_the_real_path_for_every_kind(
    run: Run, request: pytest.FixtureRequest, write: Write, seed: int, path: str
) -> None:
    """Also when two processes decide: what reaches beyond a customer waits for all before it."""
    drain: Drain = request.getfixturevalue(path)
    said = [json.dumps(message).encode() for message, _ in mix(seed, 1_000) if message]
    assert {json.loads(raw)["type"] for raw in said} == set(VERBS)
    file = str(write(said))
    assert run("publish", file).exit_code == 0
    drain()
    real = run("state", "--json")
    assert real.stdout == run("simulate", file, "--clock", "now", "--json").stdout
    applied = {row["type"] for row in json.loads(real.stdout)["outcomes"] if not row["reason"]}
    assert applied >= {"credit.capture", "credit.transfer", "payment.shortfall", "scrip.transfer"}


def test_a_transfer_arrives_before_the_next_message(run: Run, write: Write) -> None:
    file = write(
        [
            line("credit.grant", "g", time=at("08:00:00"), amount=500, expires_at=at("20:00:00")),
            line("credit.transfer", "t", time=at("08:00:01"), transfer="t", to_customer="bob",
                 amount=300),
            line("credit.deduct", "d", time=at("08:00:01"), customer="bob", amount=100),
        ]
    )  # fmt: skip
    for clock in ("event", "now"):
        state = simulated(run, file, "--clock", clock)
        if clock == "event":
            assert rows(account(state)) == [("grant", 500), ("transfer_out", -300)]
            assert rows(account(state, "bob")) == [("transfer_in", 300), ("deduction", -100)]
            assert account(state, "bob")["grants"][0]["expires_at"] == at("20:00:00")
        else:  # by now the grant has expired
            assert {row["reason"] for row in state["outcomes"]} == {
                "already_expired", "insufficient_credit"
            }  # fmt: skip


def test_a_transfer_that_expires_at_its_new_customer(run: Run, write: Write) -> None:
    end = at("12:00:00")
    bodies = [
        line("credit.grant", "g", time=at("08:00:00"), amount=500, expires_at=end),
        line("credit.transfer", "t", time=at("09:00:00"), transfer="t", to_customer="bob",
             amount=300),
    ]  # fmt: skip
    state = simulated(run, write(bodies), "--until", at("13:00:00"))
    assert rows(account(state))[-1] == ("expiry", -200)
    assert rows(account(state, "bob"))[-1] == ("expiry", -300)


def holding(hold_ends: str) -> list[bytes]:
    return [
        line("credit.grant", "g", time=at("08:00:00"), amount=500),
        line("credit.hold", "h", time=at("08:00:01"), hold="h", amount=400, expires_at=hold_ends),
    ]


@pytest.mark.parametrize(
    ("until", "available", "held"),
    [("09:59:59", 100, 400), ("10:00:00", 500, 0), ("10:59:59", 500, 0), ("11:00:00", 500, 0)],
)
def test_a_hold_reserves_until_its_time_is_over(
    run: Run, write: Write, until: str, available: int, held: int
) -> None:
    """Not until the run that ends it, which comes an hour later (R3, R17)."""
    state = simulated(run, write(holding(at("10:00:00"))), "--until", at(until))
    found = account(state)
    assert (found["balance"], found["available"]) == (500, available)
    assert found["grants"][0]["held"] == held


def test_a_hold_whose_time_is_over_can_be_used_by_others(run: Run, write: Write) -> None:
    later = [
        line("credit.deduct", "early", time=at("09:59:59"), amount=450),
        line("credit.deduct", "late", time=at("10:00:00"), amount=450),
        line("credit.capture", "over", time=at("10:00:00"), hold="h"),
    ]
    state = simulated(run, write([*holding(at("10:00:00")), *later]))
    reasons = {row["id"]: row["reason"] for row in state["outcomes"]}
    assert (reasons["early"], reasons["late"]) == ("insufficient_credit", None)
    assert reasons["over"] == "already_released"


def test_reserved_credit_does_not_expire_before_its_hold_ends(run: Run, write: Write) -> None:
    bodies = [
        line("credit.grant", "g", time=at("08:00:00"), amount=500, expires_at=at("09:00:00")),
        line("credit.hold", "h", time=at("08:00:01"), hold="h", amount=400,
             expires_at=at("12:00:00")),
    ]  # fmt: skip
    found = account(simulated(run, write(bodies), "--until", at("12:30:00")))
    assert (rows(found)[-1], found["balance"], found["available"]) == (("expiry", -100), 400, 0)
    found = account(simulated(run, write(bodies), "--until", at("13:00:00")))
    assert (rows(found)[-1], found["balance"]) == (("expiry", -400), 0)


def test_settings_count_from_the_next_message_on(run: Run, write: Write) -> None:
    bodies = [
        line("credit.grant", "old", time=at("08:00:00"), amount=100, priority=9),
        line("credit.grant", "new", time=at("08:00:00"), amount=100, priority=1),
        line("credit.deduct", "d1", time=at("08:00:01"), amount=10),
        line("tenant.configure", "c", time=at("08:00:02"), order="fifo", late_window=60),
        line("credit.deduct", "d2", time=at("08:00:03"), amount=10),
        line("credit.grant", "brief", time=at("08:00:04"), amount=7, expires_at=at("08:01:00")),
    ]
    file = write(bodies)
    used = [
        row["allocations"][0]["grant"]
        for row in account(simulated(run, file))["ledger"]
        if row["kind"] == "deduction"
    ]
    assert used == ["new", "old"]
    assert rows(account(simulated(run, file, "--until", at("08:01:59"))))[-1] == ("grant", 7)
    assert rows(account(simulated(run, file, "--until", at("08:02:00"))))[-1] == ("expiry", -7)


def test_a_write_off_stands_on_the_invoice(run: Run, write: Write) -> None:
    bodies = [
        line("tenant.configure", "c", tolerances={"basic": {"USD": "0.05"}}, plan="basic"),
        line("invoice.created", "i", invoice="i", amount_due=1_000),
        line("payment.shortfall", "s", invoice="i", shortfall="0.05"),
        line("payment.shortfall", "s2", invoice="i", shortfall="0.06"),
    ]
    state = simulated(run, write(bodies), "--clock", "now")
    (bill,) = state["invoices"]
    assert set(bill) == {
        "tenant", "customer", "currency", "invoice", "amount_due", "applied", "due", "status"
    }  # fmt: skip
    assert (bill["applied"], bill["due"], bill["status"]) == (5, 0, "paid")
    assert account(state)["balance"] == 0
