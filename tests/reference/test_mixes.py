"""The mix reaches everything, and the reference's own books keep the promises (I3-I7)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from functools import cache

import pytest

from tests.reference.book import Data
from tests.reference.ledger import PLAIN, Ledger
from tests.reference.mixes import START, mix

REFUSALS = """
    unknown_grant unknown_invoice unknown_entry unknown_hold unknown_writeoff id_conflict
    invoice_void invoice_not_open already_expired already_voided already_released already_reversed
    exceeds_due exceeds_applied insufficient_credit above_tolerance balance_limit
"""
WHYS = """
    credited no_credit nothing_due auto_apply_off not_open already_created given_back voided
    written_off
"""
KINDS = """
    grant deduction application reversal expiry void transfer_out transfer_in writeoff_grant
    writeoff_application
"""
GIVEN_ONCE = {"credit.grant", "payment.shortfall", "account.configure", "tenant.configure"}
SEEDS = (1, 2, 3)


@cache
def played(seed: int) -> tuple[Ledger, datetime]:
    ledger, now = Ledger(), START
    for message, now in mix(seed, 5_000):
        if message is None:
            ledger.expire(now)
        else:
            ledger.receive(message, now)
    return ledger, now


def accounts(seed: int) -> list[Data]:
    ledger, now = played(seed)
    return list(ledger.state(now)["accounts"])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_mix_reaches_every_outcome(seed: int) -> None:
    ledger, now = played(seed)
    outcomes = ledger.state(now)["outcomes"]
    reasons = Counter(o["reason"] for o in outcomes)
    assert [r for r in REFUSALS.split() if not reasons[r]] == []
    assert 0.6 < reasons[None] / len(outcomes) < 0.95
    events = [event for *_, published in ledger.log for event in published]
    whys = Counter(event[-1] for event in events if event[0] == "invoice.credited")
    assert [why for why in WHYS.split() if not whys[why]] == []
    done = {o["type"] for o in outcomes if o["outcome"] == "applied"}
    assert done == PLAIN.keys() | GIVEN_ONCE
    assert sum(o["repeats"] for o in outcomes) > 50
    assert sum(o["conflicts"] for o in outcomes) > 20


@pytest.mark.parametrize("seed", SEEDS)
def test_ledgers_add_up(seed: int) -> None:
    """I3, I4, I5: 1..n, each balance the one before and the amount, nothing negative."""
    kinds = set()
    for account in accounts(seed):
        balance = 0
        for number, entry in enumerate(account["ledger"], 1):
            balance += entry["amount"]
            assert (entry["seq"], entry["balance"]) == (number, balance)
            assert balance >= 0 and entry["amount"] != 0
            assert sum(a["amount"] for a in entry["allocations"]) == entry["amount"]
            kinds.add(entry["kind"])
        assert account["balance"] == balance
        assert 0 <= account["available"] <= balance
    assert kinds == set(KINDS.split())


@pytest.mark.parametrize("seed", SEEDS)
def test_grants_add_up(seed: int) -> None:
    """I6: what the ledger says of a grant is what remains; all of them are the balance."""
    for account in accounts(seed):
        moved: Counter[str] = Counter()
        for entry in account["ledger"]:
            if entry["kind"] not in {"writeoff_grant", "writeoff_application"}:
                for allocation in entry["allocations"]:
                    moved[allocation["grant"]] += allocation["amount"]
        for grant in account["grants"]:
            assert 0 <= grant["remaining"] == moved[grant["grant"]] <= grant["amount"]
        assert sum(grant["remaining"] for grant in account["grants"]) == account["balance"]


@pytest.mark.parametrize("seed", SEEDS)
def test_invoices_add_up(seed: int) -> None:
    """I7, and applied is what the ledger says."""
    ledger, now = played(seed)
    used: Counter[tuple[str, ...]] = Counter()
    for account in accounts(seed):
        key = tuple(account[name] for name in ("tenant", "customer", "currency"))
        for entry in account["ledger"]:
            if entry["kind"] in {"application", "reversal", "writeoff_application"}:
                used[*key, entry["invoice"]] -= entry["amount"]
    for found in ledger.state(now)["invoices"]:
        name = tuple(found[n] for n in ("tenant", "customer", "currency", "invoice"))
        assert 0 <= found["applied"] == used[name] <= found["amount_due"]
        settled = found["status"] in {"paid", "void"}
        assert found["due"] == (0 if settled else found["amount_due"] - found["applied"])


@pytest.mark.parametrize("seed", SEEDS)
def test_balance_events_follow_on_each_other(seed: int) -> None:
    ledger, _ = played(seed)
    last: Counter[tuple[str, str, str]] = Counter()
    for account, _, _, events in ledger.log:
        for event in events:
            if event[0] == "credit.balance_changed":
                assert event[1] == last[account]
                last[account] = event[2]
    assert {key: one.balance for key, one in ledger.accounts.items() if one.entries} == last


def test_the_same_seed_is_the_same_mix() -> None:
    assert list(mix(7, 300)) == list(mix(7, 300)) != list(mix(8, 300))


def test_types_can_be_left_out() -> None:
    kinds = {m["type"] for m, _ in mix(7, 500, without=frozenset({"credit.hold"})) if m}
    assert "credit.grant" in kinds and "credit.hold" not in kinds
