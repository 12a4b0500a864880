"""What the views show of holds, write-offs, amendments and what was asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from sqlalchemy import Engine

from db.engine import engine_for
from db.store import PostgresStore
from domain.grants import GrantCredit
from domain.messages import CreatedBy, Message
from tests import builders, verbs
from worker.process import Batch, process

STORY = [
    verbs.configure_tenant({"tolerances": {"p": {"USD": 50}}, "plan": "p"}),
    builders.grant(500, "a", priority=9),
    verbs.hold(60, "h"),
    verbs.hold(40, "released"),
    verbs.release("released"),
    builders.deduct(10, "a"),
    builders.invoice(100, "w", auto_apply=False),
    verbs.shortfall(20, "w", "off", parent="pay-1", line=None),
    builders.invoice(100, "r", auto_apply=False),
    verbs.shortfall(30, "r", "back"),
    verbs.reverse_writeoff("back", reason="bank was late"),
    verbs.amend("a", memo="first", id="am1"),
    verbs.amend("a", priority=3, reference_number="po-7", id="am2"),
]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = engine_for(database_url)
    yield opened
    opened.dispose()


@pytest.fixture(params=["one batch", "a batch each"])
def view(request: pytest.FixtureRequest, engine: Engine, database_url: str) -> Iterator[Any]:
    """Reads some columns of a view, once the story is told."""
    store = PostgresStore(engine)
    for messages in [STORY] if request.param == "one batch" else [[m] for m in STORY]:
        process(Batch(messages=list[Message](messages)), store, None)
    with psycopg.connect(database_url, row_factory=dict_row) as database:
        yield lambda sql: database.execute(sql).fetchall()


def test_a_balance_shows_what_is_held(view: Any) -> None:
    assert view("SELECT balance, available, held FROM balance") == [
        {"balance": 490, "available": 430, "held": 60}
    ]


def test_a_grant_shows_its_newest_terms_and_words(view: Any) -> None:
    """R15: what an amendment does not say stays."""
    shown = "memo, reference_number, priority, amendments"
    assert view(f"SELECT {shown} FROM grant_status WHERE grant_id = 'a'") == [
        {"memo": "first", "reference_number": "po-7", "priority": 3, "amendments": 2}
    ]


def test_an_entry_shows_what_was_asked(view: Any) -> None:
    found = view("SELECT asked FROM ledger WHERE kind = 'deduction'")
    assert found == [{"asked": {"grant": "a"}}]


def test_an_invoice_shows_what_was_written_off(view: Any) -> None:
    shown = "invoice, applied, written_off, due, status"
    assert view(f"SELECT {shown} FROM invoice_credit ORDER BY invoice") == [
        {"invoice": "r", "applied": 0, "written_off": 0, "due": 100, "status": "open"},
        {"invoice": "w", "applied": 20, "written_off": 20, "due": 0, "status": "paid"},
    ]


def test_a_writeoff_shows_where_it_stands(view: Any) -> None:
    """R19."""
    shown = "writeoff, invoice, amount, parent, plan, state, reversal_reason"
    assert view(f"SELECT {shown} FROM writeoff ORDER BY writeoff DESC") == [
        {
            "writeoff": "off",
            "invoice": "w",
            "amount": 20,
            "parent": "pay-1",
            "plan": "p",
            "state": "applied",
            "reversal_reason": None,
        },
        {
            "writeoff": "back",
            "invoice": "r",
            "amount": 30,
            "parent": None,
            "plan": "p",
            "state": "reversed",
            "reversal_reason": "bank was late",
        },
    ]
    ordered = "recorded_at, reversed_at, created_by FROM writeoff ORDER BY writeoff"
    back, off = view(f"SELECT {ordered}")
    assert back["reversed_at"] >= back["recorded_at"]
    assert (off["reversed_at"], off["created_by"]) == (None, None)


def test_amendments_are_kept_one_by_one(view: Any) -> None:
    found = view("SELECT number, priority_before, priority, memo, cause_id FROM amendments")
    assert [tuple(row.values()) for row in found] == [
        (1, 9, 9, "first", "am1"),
        (2, 9, 3, None, "am2"),
    ]


def test_people_and_instants_are_columns(engine: Engine, database_url: str) -> None:
    """Who, why and when, without taking JSON apart."""
    author = CreatedBy(type="user", id="eve")
    own = {"amount": 5, "grant": "g", "created_by": author}
    messages = [builders.message(GrantCredit, own, "g", {"note": "by phone"}), builders.deduct(1)]
    process(Batch(messages=messages), PostgresStore(engine), None)
    with psycopg.connect(database_url) as database:
        told = database.execute("SELECT note, created_by FROM ledger ORDER BY seq").fetchall()
        made = "SELECT g.created_at = l.recorded_at FROM grant_status g JOIN ledger l USING (seq)"
        assert database.execute(made).fetchall() == [(True,)]
    assert told == [("by phone", {"type": "user", "id": "eve"}), (None, None)]
