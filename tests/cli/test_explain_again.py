"""Whatever was asked, the ledger holds enough to come to the same: with messages of every kind."""

from __future__ import annotations

from collections import Counter

import pytest

from domain.vocabulary import Kind
from tests.cli.long_story import story
from worker.cli.explain_data import explained, explained_data
from worker.cli.explain_reasons import Verdict
from worker.cli.explain_replay import cases
from worker.state import Data

SEEDS = (1, 2)
NOT_ALONE = {"scrip.transfer"}
"""What arrives was decided with the sender's account, which is another."""


def told(seed: int) -> list[Data]:
    """Every entry of every account, explained."""
    return [
        explained_data(explained(case))
        for account in story(seed).books.values()
        for case in cases(account, account.entries, range(1, account.seq + 1))
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_entry_can_be_decided_again(seed: int) -> None:
    rows = told(seed)
    assert [row for row in rows if row["agrees"] is False] == []
    unknown = Counter(row["cause"]["type"] for row in rows if row["agrees"] is None)
    assert set(unknown) >= NOT_ALONE
    assert {row["kind"] for row in rows} == set(Kind)
    assert sum(unknown.values()) < len(rows) / 5, unknown


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_that_was_asked_for_is_passed_over(seed: int) -> None:
    rows = [row for row in told(seed) if row["candidates"] and row["agrees"]]
    verdicts = Counter(one["verdict"] for row in rows for one in row["candidates"])
    assert verdicts[Verdict.PASSED_OVER] == 0
    assert verdicts.keys() >= {Verdict.HELD, Verdict.NOT_NAMED, Verdict.OUT_OF_SCOPE}


@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_grant_had_covers_what_it_paid(seed: int) -> None:
    for row in told(seed):
        for one in row["candidates"]:
            assert one["had"] >= sum(part["amount"] for part in one["paid"])
        paid = [part for one in row["candidates"] for part in one["paid"]]
        assert row["to_pay"] is None or paid == row["allocations"]
