"""The books checked from outside: plain SQL over the views that people with a database client see.

Every query lists what breaks a promise, so a row that comes back is a violation.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from psycopg import Connection

from tests.end_to_end.model import Model

SHOWN = 3

SUM_OF_LEDGER = """
    SELECT b.customer, b.balance, b.seq, l.total, l.last, l.entries
    FROM balance b LEFT JOIN (
        SELECT account_id, sum(amount) AS total, max(seq) AS last, count(*) AS entries
        FROM ledger GROUP BY account_id) l USING (account_id)
    WHERE (b.balance, b.seq, b.seq)
          IS DISTINCT FROM (coalesce(total, 0), coalesce(last, 0), coalesce(entries, 0))"""

RUNNING_BALANCE = """
    SELECT customer, seq, amount, balance FROM (
        SELECT *, lag(balance, 1, 0::bigint) OVER (PARTITION BY account_id ORDER BY seq) AS before
        FROM ledger) l
    WHERE balance <> before + amount OR balance < 0"""

SUM_OF_GRANTS = """
    SELECT b.customer, b.balance, g.remaining
    FROM balance b LEFT JOIN (
        SELECT account_id, sum(remaining) AS remaining FROM grant_status GROUP BY account_id
    ) g USING (account_id)
    WHERE b.balance <> coalesce(g.remaining, 0)"""

GRANTS_FROM_LEDGER = """
    SELECT g.customer, g.grant_id, g.remaining, l.moved
    FROM grant_status g LEFT JOIN (
        SELECT account_id, x ->> 'grant' AS grant_id,
               sum(sign(amount) * (x ->> 'amount')::bigint) AS moved
        FROM ledger, jsonb_array_elements(allocations) x GROUP BY 1, 2
    ) l USING (account_id, grant_id)
    WHERE g.remaining IS DISTINCT FROM l.moved OR g.remaining NOT BETWEEN 0 AND g.amount
       OR g.amount <> g.used + g.expired + g.voided + g.moved + g.remaining"""

INVOICES_FROM_LEDGER = """
    SELECT i.customer, i.invoice, i.applied, l.moved
    FROM invoice_credit i LEFT JOIN (
        SELECT account_id, invoice, -sum(amount) AS moved FROM ledger
        WHERE invoice IS NOT NULL
          AND kind IN ('application', 'writeoff_application', 'reversal') GROUP BY 1, 2
    ) l USING (account_id, invoice)
    WHERE i.applied <> coalesce(l.moved, 0) OR i.applied NOT BETWEEN 0 AND i.amount_due"""

TWICE = """
    SELECT customer, cause_source, cause_id, kind, count(*) FROM ledger
    GROUP BY customer, account_id, cause_source, cause_id, kind,
             CASE kind WHEN 'application' THEN invoice END
    HAVING count(*) > 1"""
"""A grant that comes may pay several invoices, each by an entry (R11)."""

PROMISES = {
    "I2 an entry per message and kind": TWICE,
    "I3 running balance": RUNNING_BALANCE,
    "I4 balance = sum of ledger": SUM_OF_LEDGER,
    "I6 balance = sum of remaining": SUM_OF_GRANTS,
    "I6 remaining = sum of allocations": GRANTS_FROM_LEDGER,
    "I7 applied = sum of applications": INVOICES_FROM_LEDGER,
}


def violations_in_views(database: Connection[Any]) -> list[str]:
    """What the views say against the promises."""
    return [told for name, sql in PROMISES.items() for told in shown(name, _rows(database, sql))]


def against_model(database: Connection[Any], tenant: str, model: Model) -> list[str]:
    """Accounts whose ledger is not that of an in-order decision, entry by entry."""
    sql = """
        SELECT b.customer, b.balance, array_agg(cause_id ORDER BY l.seq) FILTER (WHERE amount <> 0),
               array_agg(amount ORDER BY l.seq) FILTER (WHERE amount <> 0)
        FROM balance b LEFT JOIN ledger l USING (account_id) WHERE b.tenant = %s GROUP BY 1, 2"""
    stored = {
        customer: (balance, list(zip(causes or (), amounts or (), strict=True)))
        for customer, balance, causes, amounts in database.execute(sql, (tenant,))
    }
    names = {customer for customer, _, _ in model.keys}
    decided = {name: (model.balances[name], model.ledger[name]) for name in names}
    wrong = [name for name in stored.keys() | names if stored.get(name) != decided.get(name)]
    return shown("not an in-order decision", sorted(wrong))


def shown(name: str, rows: Iterable[object]) -> list[str]:
    """One line for a broken promise, with the first few rows that break it."""
    found = list(rows)
    return [f"{name}: {len(found)} wrong, such as {found[:SHOWN]}"] if found else []


def _rows(database: Connection[Any], sql: str) -> list[Any]:
    return database.execute(sql.encode()).fetchall()
