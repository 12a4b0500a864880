"""The hot statements answer from an index: their cost does not grow with the ledger."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

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
"""

ACCOUNTS = sorted(account_id(AccountKey("t", str(n), "USD")) for n in range(100))
IDS = plain_array(ACCOUNTS)
NAMES = text_array(str(n) for n in range(100))
KEYS = plain_array(message_key("/s", str(n)) for n in range(100))
NUMBERS = plain_array(range(100))
FLAGS = plain_array([False] * 100)
TIMES = plain_array(["2026-01-01Z"] * 100)
TEXTS = text_array(["[]"] * 100)

HOT: dict[str, tuple[Any, ...]] = {
    "load_accounts": (IDS,),
    "load_open_grants": (IDS,),
    "load_named_grants": (IDS, NAMES),
    "load_invoices": (IDS, NAMES),
    "load_receipts": (IDS, KEYS),
    "save_accounts": (IDS, NUMBERS, NUMBERS, NUMBERS, NAMES, TIMES),
    "save_grants": (IDS, NAMES, *(NUMBERS,) * 6, FLAGS),
    "save_invoices": (IDS, NAMES, NUMBERS, NUMBERS, TEXTS, FLAGS, TIMES, *(TEXTS,) * 3, IDS),
    "save_seen_again": (IDS, KEYS, NUMBERS, NUMBERS),
    "accounts_due": ("1 hour", 200),
}

SMALL = {
    "lock_accounts": "an insert: it probes the primary key by itself",
    "load_external_grants": "external ids are rare; its unique index is partial",
    "load_settings": "tenants is small",
    "hold_lease": "leases has two rows",
    "take_lease": "the same",
    "renew_lease": "the same",
    "release_lease": "the same",
    "end_stalled": "the same, and a few hundred locks at most",
    "unsent": "the outbox is drained as it fills",
    "set_aside": "an insert",
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


@pytest.mark.parametrize("name", sorted(HOT))
def test_a_hot_statement_scans_no_table(filled: psycopg.Connection[Any], name: str) -> None:
    sql = b"EXPLAIN (FORMAT JSON) " + statement(name)
    row = filled.execute(sql, HOT[name]).fetchone()
    assert row is not None
    plan = list(nodes(row[0][0]["Plan"]))
    assert not [node["Relation Name"] for node in plan if node["Node Type"] == "Seq Scan"]
