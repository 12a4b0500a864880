"""Closings are made in any number of runs, and `scrip verify` adds them up."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from db.books import snapshot
from db.closings import close, unclosed
from db.look_ups import Period, moved
from db.store import PostgresStore
from domain.books import Books
from tests.cli.conftest import Run
from tests.cli.test_closings import EVERY, accounts, closed, forgotten
from worker.closings import close_due

__all__ = ["accounts"]


def test_a_run_may_be_doubled_or_cut_short(store: PostgresStore, accounts: list[Books]) -> None:
    """Several at once, and some that stop early, make what one makes."""
    closed(store)
    expected = rows(store)
    forgotten(store)
    assert close_due(store.engine, count=3, every=EVERY) == 3
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(closed, [store] * 3))
    assert rows(store) == expected
    assert not list(unclosed(store.engine, EVERY))
    assert not close(store.engine, accounts[0].account_id, EVERY)


def test_runs_begin_at_different_accounts(store: PostgresStore, accounts: list[Books]) -> None:
    """Where more falls due than a run makes, those at the end of the ids have their turn too."""
    due = list(unclosed(store.engine, EVERY))
    assert due == sorted(due)
    assert len(due) > 3
    assert list(unclosed(store.engine, EVERY, due[1])) == due[2:]
    for behind, first in ((due[0], due[1]), (due[-1], due[0])):
        forgotten(store)
        assert close_due(store.engine, count=1, every=EVERY, behind=behind) == 1
        with snapshot(store.engine) as seen:
            assert [one.account_id for one in seen.books() if one.closings] == [first]


@pytest.mark.usefixtures("accounts")
def test_sums_may_be_larger_than_any_amount(store: PostgresStore) -> None:
    """What an account has used in all has no limit, though its balance has."""
    closed(store)
    with store.engine.begin() as connection:
        connection.execute(text(MUCH))
    forgotten(store, "seq > 12")
    assert closed(store) > 0
    with snapshot(store.engine) as seen:
        assert list(moved(seen, Period("default", None, None)))


MUCH = """
UPDATE closings SET sums = (
    SELECT jsonb_agg(jsonb_set(one, '{3}', to_jsonb((one ->> 3)::numeric * 9000000000000000000)))
    FROM jsonb_array_elements(sums) AS one)
"""


def rows(store: PostgresStore) -> list[Any]:
    with snapshot(store.engine) as seen:
        return [(books.closings, books.closing_grants) for books in seen.books()]


HARM = {
    "UPDATE closings SET balance = balance + 1 WHERE seq < 10": "balance is not",
    "UPDATE closings SET recorded_at = now()": "recorded_at is not",
    "UPDATE closings SET grants = grants + 1": "grants is not",
    "UPDATE closings SET open_grants = '{}' WHERE open_grants <> '{}'": "open_grants is not",
    "UPDATE closings SET sums = '{}'": "sums is not",
    "UPDATE closing_grants SET used = used + 1": "what it says of grant",
    "UPDATE closing_grants SET grant_id = grant_id || 'x'": "what it says of grant",
    "DELETE FROM closing_grants": "what it says of grant",
    "DELETE FROM closings WHERE seq < 10": "since is not",
    "UPDATE closings SET seq = seq + 1000": "belongs to no entry",
}


@pytest.mark.usefixtures("accounts")
def test_what_a_closing_says_wrongly_is_found(run: Run, store: PostgresStore) -> None:
    """I4: `scrip verify` adds all entries up again."""
    closed(store)
    found = json.loads(run("verify", "--json").stdout)
    assert found["clean"]
    assert found["checked"]["closings"] > 10
    for harm, what in HARM.items():
        forgotten(store)
        closed(store)
        with store.engine.begin() as connection:
            connection.execute(text(harm))
        found = json.loads(run("verify", "--json").stdout)
        assert set(found["broken"]) == {"I4"}, harm
        assert any(row["what"].startswith(what) for row in found["violations"]), harm


@pytest.mark.usefixtures("accounts")
def test_a_summary_beside_a_wrong_closing_does_not_come_to_zero(
    run: Run, store: PostgresStore
) -> None:
    """What grants have left says otherwise."""
    closed(store)
    assert run("reconcile").exit_code == 0
    with store.engine.begin() as connection:
        wrong = """UPDATE closings SET sums = jsonb_set(sums, '{0,3}', '1')"""
        connection.execute(text(wrong))
    assert run("reconcile").exit_code == 1
