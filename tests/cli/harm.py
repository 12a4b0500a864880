"""What somebody with the superuser's rights may do to the tables, and the promise that shows it."""

from __future__ import annotations

import psycopg

HARM = [
    ("UPDATE entries SET amount = amount + 1, balance = balance + 1 WHERE seq = 1", "I10"),
    ("DELETE FROM entries WHERE seq = 2", "I3"),
    ("UPDATE accounts SET balance = balance + 1", "I4"),
    ("UPDATE grants SET amount = amount + 1, used = used + 1", "I6"),
    ("UPDATE invoices SET applied = applied - 1 WHERE applied > 0", "I7"),
    ("UPDATE receipts SET key = gen_random_uuid()", "I2"),
    ("UPDATE receipts SET source = 'other'", "I19"),
    ("UPDATE accounts SET bucket = 1023 - bucket", "I15"),
    ("UPDATE accounts SET currency = 'EUR'", "I16"),
    ("DELETE FROM accounts WHERE currency = 'USD'", "I15"),
    ("ALTER TABLE entries DISABLE TRIGGER i10_not_truncated", "I10"),
    ("INSERT INTO outbox (events) VALUES ('nonsense')", "I11"),
]


def do(database_url: str, *harm: str) -> None:
    """All of it in one transaction, and without the triggers that would refuse it."""
    with psycopg.connect(database_url) as connection:
        connection.execute("SET LOCAL session_replication_role = 'replica'")
        for statement in harm:
            connection.execute(statement.encode())
