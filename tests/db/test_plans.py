"""The hot statements answer from an index: their cost does not grow with the ledger."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine

from db.books import READ, within
from db.literals import plain_array, text_array
from db.queries import statement, statements
from domain.identity import AccountKey, account_id, message_key

CUSTOMERS = 4_000

FILL = f"""
INSERT INTO accounts (account_id, bucket, tenant, customer, currency)
SELECT substr(encode(sha256(n::text::bytea), 'hex'), 1, 32)::uuid, 0, 't', n::text, 'USD'
FROM generate_series(1, {CUSTOMERS}) n;
INSERT INTO grants (account_id, grant_id, seq, amount, remaining, used, expired, voided, moved,
                    held, category, priority, scope, is_void, named, terms, expires_at)
SELECT account_id, n::text, n, 10, CASE WHEN n < 4 THEN 10 ELSE 0 END,
       CASE WHEN n < 4 THEN 0 ELSE 10 END, 0, 0, 0, 0, 'paid', 50, '{{}}', false, true,
       account_id, now() + interval '1 year'
FROM accounts, generate_series(1, 12) n;
INSERT INTO invoices (account_id, invoice, amount_due, applied, status, uses, entries)
SELECT account_id, n::text, 10, 0, 'open', '[]', '{{}}' FROM accounts, generate_series(1, 8) n;
INSERT INTO receipts (account_id, key, source, id, type, digest, outcome, decided_at, business_at,
                      event_seq, repeats, conflicts)
SELECT account_id, substr(encode(sha256(n::text::bytea), 'hex'), 1, 32)::uuid, '/s', n::text, 't',
       account_id, 'applied', now(), now(), 0, 0, 0
FROM accounts, generate_series(1, 8) n;
INSERT INTO entries (account_id, seq, kind, amount, balance, allocations, reverses, cause_source,
                     cause_id, cause_type, order_profile, recorded_at, dated_at, hash)
SELECT account_id, n, 'deduction', -10, 0, '[]', '{{}}', '/s', n::text, 't', 'o', now(), now(),
       sha256('')
FROM accounts, generate_series(1, 8) n;
INSERT INTO returned SELECT account_id, n, 5 FROM accounts, generate_series(1, 4) n;
INSERT INTO holds (account_id, hold, lots, since, until, terms, expires_at)
SELECT account_id, n::text, '[["1", null, 1]]', 1, nullif(n, 1), account_id,
       now() + interval '1 year'
FROM accounts, generate_series(1, 8) n;
INSERT INTO transfers SELECT account_id, n::text, 'c', 1, 1, account_id
FROM accounts, generate_series(1, 8) n;
INSERT INTO writeoffs (account_id, writeoff, invoice, amount, seq, is_reversed, terms)
SELECT account_id, n::text, n::text, 1, 1, false, account_id
FROM accounts, generate_series(1, 8) n;
INSERT INTO tenants SELECT 't', n, '{{}}' FROM generate_series(1, 100) n;
"""

ACCOUNTS = sorted(account_id(AccountKey("t", str(n), "USD")) for n in range(100))
IDS = plain_array(ACCOUNTS)
NAMES = text_array(str(n) for n in range(100))
KEYS = plain_array(message_key("/s", str(n)) for n in range(100))
NUMBERS = plain_array(range(100))
FLAGS = plain_array([False] * 100)
TIMES = plain_array(["2026-01-01Z"] * 100)
HOUR = timedelta(hours=1)
TEXTS = text_array(["[]"] * 100)

HOT: dict[str, Any] = {
    "load_accounts": (IDS, NUMBERS),
    "load_open_grants": (IDS,),
    "load_named_grants": (IDS, NAMES),
    "load_invoices": (IDS, NAMES),
    "load_open_invoices": (IDS,),
    "load_receipts": (IDS, KEYS),
    "load_holds": (IDS, NAMES),
    "load_open_holds": (IDS,),
    "load_transfers": (IDS, NAMES),
    "load_writeoffs": (IDS, NAMES),
    "load_spent": (IDS, NUMBERS),
    "save_accounts": (IDS, NUMBERS, NUMBERS, NUMBERS, NAMES, TIMES, FLAGS),
    "save_grants": (IDS, NAMES, *(NUMBERS,) * 6, FLAGS),
    "save_invoices": (IDS, NAMES, NUMBERS, NUMBERS, TEXTS, FLAGS, TIMES, *(TEXTS,) * 3, IDS)
    + (NUMBERS,) * 2,
    "save_amended": (IDS, NAMES, TIMES, NUMBERS, TEXTS, TEXTS, NUMBERS),
    "save_announced": (IDS, NAMES),
    "save_configured": (IDS, FLAGS, FLAGS, NUMBERS, TEXTS),
    "save_seen_again": (IDS, KEYS, NUMBERS, NUMBERS),
    "accounts_due": {"late_window": HOUR, "notice": 24 * HOUR, "count": 200},
}

SMALL = {
    "lock_accounts": "an insert: it probes the primary key by itself",
    "load_external_grants": "external ids are rare; its unique index is partial",
    "load_settings": "tenants is small",
    "hold_lease": "leases has two rows",
    "lock_lease": "the same",
    "take_lease": "the same",
    "renew_lease": "the same",
    "release_lease": "the same",
    "find_stalled": "the same, and a few hundred locks at most",
    "end_stalled": "a few hundred sessions at most",
    "unsent": "the outbox is drained as it fills",
    "set_aside": "an insert",
    "save_holds": "the same",
    "save_writeoffs": "the same",
    "save_returned": "the same",
    "add_settings": "the same",
    "close": "no message waits for it; test_closing_plans.py",
    "find_unclosed": "the same",
}


@pytest.fixture(scope="module")
def filled(servers: Any, template: str) -> Iterator[psycopg.Connection[Any]]:
    from tests.servers import database  # noqa: PLC0415 - beside the fixture that needs it

    with (
        database(servers, "scrip_plans", template=template) as url,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        connection.execute(FILL.encode())
        connection.execute("VACUUM ANALYZE")
        # A table of a few pages is read whole with good reason; what counts is that none has to be.
        connection.execute("SET enable_seqscan = off")
        yield connection


def test_every_statement_is_either_guarded_or_explained() -> None:
    assert statements() == HOT.keys() | SMALL.keys()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def plan_of(database: psycopg.Connection[Any], name: str) -> list[dict[str, Any]]:
    row = database.execute(b"EXPLAIN (FORMAT JSON) " + statement(name), HOT[name]).fetchone()
    assert row is not None
    return list(nodes(row[0][0]["Plan"]))


@pytest.mark.parametrize("name", sorted(HOT))
def test_a_hot_statement_scans_no_table(filled: psycopg.Connection[Any], name: str) -> None:
    plan = plan_of(filled, name)
    assert not [node["Relation Name"] for node in plan if node["Node Type"] == "Seq Scan"]


def test_what_is_due_is_read_from_where_it_begins(filled: psycopg.Connection[Any]) -> None:
    """An instant that could change while the statement runs would make it read whole indexes."""
    plan = plan_of(filled, "accounts_due")
    bounded = {n["Index Name"] for n in plan if "expires_at" in n.get("Index Cond", "")}
    assert bounded == {"grants_due", "holds_due", "grants_to_announce"}


@pytest.mark.parametrize("name", READ)
def test_a_part_of_the_books_is_a_range_of_each_key(
    filled: psycopg.Connection[Any], name: str
) -> None:
    """Else each of the parts that `scrip verify --jobs` reads would read whole tables."""
    wanted = within(READ[name][0], "4" * 32, "5" * 32)
    dialect = create_engine("postgresql+psycopg://").dialect
    said = wanted.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    asked = f"EXPLAIN (FORMAT JSON) DECLARE part NO SCROLL CURSOR FOR {said}"
    with filled.transaction():  # what is joined is merged, as it may well be in a large ledger
        filled.execute("SET LOCAL enable_nestloop = off; SET LOCAL enable_hashjoin = off")
        row = filled.execute(asked.encode()).fetchone()
    assert row is not None
    scans = [node for node in nodes(row[0][0]["Plan"]) if "Relation Name" in node]
    assert scans
    assert all("account_id" in node.get("Index Cond", "") for node in scans)
