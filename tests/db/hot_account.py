"""An account with 60,000 entries, three to a second, beside others.

Every 40th entry is an application, every 5,000th a grant; one deduction came back by one reversal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
from sqlalchemy import Engine

from db.engine import engine_for
from domain.identity import AccountKey, account_id
from tests.servers import database
from worker.embedded import Servers

HOT = account_id(AccountKey("t", "hot", "USD"))
ROWS, INVOICED = 60_000, (7, 3_000, 59_000)
DEDUCTION, REVERSAL = 10_002, 30_003
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)

FILL = f"""
INSERT INTO accounts (account_id, bucket, tenant, customer, currency, seq)
VALUES ('{HOT}', 0, 't', 'hot', 'USD', {ROWS}),
       ('{"0" * 32}', 0, 't', 'other', 'USD', 1000), ('{"f" * 32}', 0, 't', 'third', 'USD', 0);
INSERT INTO accounts (account_id, bucket, tenant, customer, currency)
SELECT md5(n::text)::uuid, 0, 't', n::text, 'USD' FROM generate_series(1, 500) n;
INSERT INTO entries (account_id, seq, kind, amount, balance, allocations, reverses, cause_source,
                     cause_id, cause_type, order_profile, recorded_at, dated_at, context, hash)
SELECT '{HOT}', n, CASE WHEN n % 5000 = 0 THEN 'grant' WHEN n % 40 = 1 THEN 'application'
                          WHEN n = {REVERSAL} THEN 'reversal' ELSE 'deduction' END,
       CASE WHEN n % 5000 = 0 OR n = {REVERSAL} THEN 10 ELSE -10 END, 10, '[["g", null, 10]]',
       CASE WHEN n = {REVERSAL} THEN '{{{DEDUCTION}}}' ELSE '{{}}' END::bigint[], '/s', n::text,
       't', 'o', timestamptz '2026-01-01Z' + (n / 3) * interval '1 second', now(),
       CASE WHEN n % 20000 = 1 THEN '{{"tags":[{{"key":"team","value":"blue"}}]}}' END, sha256('')
FROM generate_series(1, {ROWS}) n;
INSERT INTO returned (account_id, seq, amount) VALUES ('{HOT}', {DEDUCTION}, 4);
INSERT INTO writeoffs (account_id, writeoff, invoice, amount, seq, is_reversed, terms)
SELECT '{HOT}', CASE WHEN n = 1 THEN 'w' ELSE n::text END, 'INV', 10, n, false, '{HOT}'
FROM generate_series(1, 3000) n;
INSERT INTO entries (account_id, seq, kind, amount, balance, allocations, reverses, cause_source,
                     cause_id, cause_type, order_profile, recorded_at, dated_at, hash)
SELECT '{"0" * 32}', n, 'deduction', -10, 10, '[["501", null, 10]]', '{{}}', '/s', n::text, 't',
       'o', now(), now(), sha256('')
FROM generate_series(1, 1000) n;
INSERT INTO grants (account_id, grant_id, seq, amount, remaining, used, expired, voided, moved,
                    held, category, priority, scope, is_void, named, terms, reference_number,
                    external_id)
SELECT CASE WHEN n > 500 THEN '{"0" * 32}'::uuid ELSE '{HOT}' END,
       CASE WHEN n = 1 THEN 'g' ELSE n::text END, n, 10,
       CASE WHEN n < 3 THEN 10 ELSE 0 END, CASE WHEN n < 3 THEN 0 ELSE 10 END, 0, 0, 0, 0, 'paid',
       50, '{{}}', false, true, '{HOT}', CASE WHEN n = 1 THEN 'po-7' END,
       CASE WHEN n = 3 THEN 'ext' END
FROM generate_series(1, 3000) n;
INSERT INTO invoices (account_id, invoice, amount_due, applied, status, uses, entries)
SELECT '{HOT}', CASE WHEN n = 1 THEN 'INV' ELSE n::text END, 10, 0, 'open', '[]',
       CASE WHEN n = 1 THEN '{{{",".join(map(str, INVOICED))}}}' ELSE '{{}}' END::bigint[]
FROM generate_series(1, 3000) n;
"""


def at(seconds: int) -> datetime:
    """When entry `3 * seconds` and those beside it were recorded."""
    return BEGIN + timedelta(seconds=seconds)


@contextmanager
def hot_account(servers: Servers, template: str, name: str) -> Iterator[Engine]:
    """A database of this name that has it."""
    with database(servers, name, template=template) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(FILL.encode())
            connection.execute("VACUUM ANALYZE")
        engine = engine_for(url)
        yield engine
        engine.dispose()
