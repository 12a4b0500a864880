"""A database that has just been made has no statistics, and is read by key all the same."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from db.engine import engine_for
from db.store import PostgresStore
from tests.benchmarks import workload
from worker.codec import Codec
from worker.ports import Delivery
from worker.process import process, read_batch

WARM_UP, BATCH = 20, 100
"""A prepared statement's plan is chosen within its first executions."""

READ_WHOLE = """
    SELECT relname, seq_scan FROM pg_stat_user_tables
    WHERE relname IN ('accounts', 'entries', 'grants', 'invoices', 'receipts') AND seq_scan > 0"""


@pytest.fixture
def store(database_url: str) -> Iterator[PostgresStore]:
    with psycopg.connect(database_url, autocommit=True) as database:
        for table in ("accounts", "entries", "grants", "invoices", "receipts"):
            database.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)".encode())
    engine = engine_for(database_url, by_index=True)
    yield PostgresStore(engine)
    engine.dispose()


def test_no_batch_reads_a_whole_table(store: PostgresStore, database_url: str) -> None:
    """Though the first were planned when every table was empty."""
    load, decode = workload.make(1_000, accounts=300), Codec().decode
    messages = [*load.setup[:WARM_UP], *load.setup[WARM_UP:], *load.messages]
    sizes = [1] * WARM_UP + [BATCH] * (len(messages) // BATCH)
    with psycopg.connect(database_url, autocommit=True) as database:
        before: dict[str, int] = dict(database.execute(READ_WHOLE).fetchall())
        for size in sizes:
            batch, messages = messages[:size], messages[size:]
            process(read_batch([Delivery("", body) for body in batch], decode), store, None)
        with store.transaction(None) as transaction:
            transaction._connection.execute("SELECT pg_stat_force_next_flush()")
        assert dict(database.execute(READ_WHOLE).fetchall()) == before
