"""What people see of holds, amendments, transfers, write-offs, and of another instant."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Drain, Run, Write
from tests.cli.messages import line

END, LATER = "2099-01-01T00:00:00Z", "2100-01-01T00:00:00Z"
BODIES = [
    line("tenant.configure", "c1", tolerances={"basic": {"USD": 5}}, plan="basic"),
    line("credit.grant", "g1", grant="bought", amount="100.00"),
    line("credit.grant", "g2", grant="gift", amount="20.00", category="promotional", priority=10,
         scope=["api"], expires_at=END),
    line("credit.grant", "g3", grant="soon", amount="10.00", expires_at=END),
    line("credit.hold", "h1", hold="cart-1", amount="30.00"),
    line("credit.deduct", "d1", amount="1.00", product="api"),
    line("credit.amend", "a1", grant="gift", expires_at=LATER, priority=60, memo="Longer"),
    line("tenant.configure", "c2", order="fifo"),
    line("credit.deduct", "d2", amount="1.00", product="api"),
    line("credit.capture", "cap", hold="cart-1", amount="12.00"),
    line("credit.hold", "h2", hold="cart-2", amount="5.00"),
    line("credit.transfer", "t", transfer="move", to_customer="bob", amount="7.00"),
    line("invoice.created", "i", invoice="INV", amount_due="0.03", auto_apply=False),
    line("payment.shortfall", "p", invoice="INV", shortfall="0.03", writeoff="w"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def published(run: Run, drain: Drain, write: Write) -> None:
    run("publish", str(write(BODIES)))
    drain()


def told(run: Run, *arguments: str) -> str:
    return " ".join(run(*arguments).stdout.split())


def test_an_amended_grant_is_explained_by_the_terms_it_had(run: Run) -> None:
    text = told(run, "explain", "4", "--customer", "ada")
    assert "order of use standard/1" in text
    assert "the message asks for product api" in text
    assert "1 gift 20.00 10 used: pays 1.00; 19.00 left lower priority number" in text
    assert "2 soon 0.00 50 skipped: a hold reserves all that is left, 10.00" in text
    assert "amended since then, so that `scrip grants` says otherwise: gift" in text
    assert "exactly this comes out" in text


def test_another_order_is_told_as_it_was(run: Run) -> None:
    text = told(run, "explain", "5", "--customer", "ada")
    assert "order of use fifo/1: came earlier, grant id" in text
    assert "1 bought 80.00 50 used: pays 1.00; 79.00 left came earlier" in text
    assert "amended since" not in text


def test_a_capture_uses_what_its_hold_reserved(run: Run) -> None:
    text = told(run, "explain", "6", "--customer", "ada")
    assert "captured from hold cart-1, lot by lot as it reserved" in text
    assert "1 soon 10.00 50 used: pays 10.00; used up" in text
    assert "2 bought 20.00 50 used: pays 2.00; 18.00 left" in text


def test_both_sides_of_a_transfer(run: Run) -> None:
    assert "7.00 left for customer bob" in told(run, "explain", "7", "--customer", "ada")
    text = told(run, "explain", "1", "--customer", "bob")
    assert "7.00 arrived by transfer move, with its terms" in text
    assert "it was decided with the sender's account" in text


def test_a_write_off_is_told_apart(run: Run) -> None:
    text = told(run, "invoice", "INV")
    assert "applied 0.03, of which written off 0.03, still due 0.00" in text
    (bill,) = json.loads(run("invoice", "INV", "--json").stdout)
    assert (bill["applied"], bill["written_off"]) == (3, 3)
    assert "0.03 written off on invoice INV" in told(run, "explain", "9", "--customer", "ada")
    assert "writeoff/w depleted 0.00 0.03 0.03 used no expiry of a write-off" in told(
        run, "grants", "ada"
    )


def test_a_grant_shows_its_amendments(run: Run) -> None:
    text = told(run, "grants", "ada", "--grant", "gift")
    assert f"1 behind entry 4 {END} -> {LATER} 10 -> 60 Longer" in text
    (grant,) = json.loads(run("grants", "ada", "--grant", "gift", "--json").stdout)
    (change,) = grant["amendments"]
    assert (change["expires_before"], change["expires_at"]) == (END, LATER)


def test_the_future(run: Run) -> None:
    """The gift has expired by then; what is held is still there."""
    text = told(run, "balance", "ada", "--at", LATER)
    assert text.startswith("ada (default) will have 85.00 USD available at 2100-01-01")
    assert "balance 90.00, of which 5.00 held" in text
    assert "19.00 will have expired by then" in text
    assert "anything paid 85.00 90.00 5.00" in text
    earlier = told(run, "balance", "ada", "--at", "2099-12-31T23:59:59Z")
    assert "will have 104.00 USD available" in earlier
    assert "api promotional 19.00 19.00" in earlier


def test_the_past(run: Run) -> None:
    (row,) = json.loads(run("ledger", "ada", "--json").stdout)
    first = row["ledger"][-1]["recorded_at"]
    text = told(run, "balance", "ada", "--at", "2020-01-01T00:00:00Z")
    assert text.startswith("ada (default) had 0.00 USD available at 2020-01-01T00:00:00Z")
    (found,) = json.loads(run("balance", "ada", "--at", first, "--json").stdout)
    assert found["seq"] >= 1
    assert found["in_transit"] == 0


def test_balance_now_and_at_now_agree(run: Run) -> None:
    (now,) = json.loads(run("balance", "ada", "--json").stdout)
    (at,) = json.loads(run("balance", "ada", "--at", "2098-01-01T00:00:00Z", "--json").stdout)
    assert (now["balance"], now["available"], now["held"]) == (
        at["balance"], at["available"], at["held"]
    )  # fmt: skip


def test_an_instant_needs_an_offset(run: Run) -> None:
    result = run("balance", "ada", "--at", "2098-01-01")
    assert result.exit_code == 2
    assert "offset" in result.output
