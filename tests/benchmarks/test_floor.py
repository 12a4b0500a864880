"""The floor writes the rows that scrip writes, and not fewer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from db.engine import engine_for
from db.store import PostgresStore
from tests.benchmarks import workload
from tests.benchmarks.floor import Floor
from tests.benchmarks.workload import Workload
from tests.servers import database
from worker.codec import Codec
from worker.embedded import Servers
from worker.ports import Delivery
from worker.process import process, read_batch

NO_INSTANTS = (
    "SELECT customer, balance, seq, event_seq FROM accounts ORDER BY 1",
    "SELECT account_id, seq, kind, amount, balance, allocations FROM entries ORDER BY 1, 2",
    "SELECT account_id, grant_id, remaining, used FROM grants ORDER BY 1, 2",
    "SELECT account_id, invoice, amount_due, applied FROM invoices ORDER BY 1, 2",
    "SELECT account_id, source, id, outcome, repeats FROM receipts ORDER BY 1, 2, 3",
    "SELECT count(*) FROM outbox, regexp_split_to_table(convert_from(events, 'UTF8'), E'\\n')",
)


@pytest.fixture
def empty_url(servers: Servers, template: str) -> Iterator[str]:
    with database(servers, f"scrip_test_floor_{os.getpid()}", template=template) as url:
        yield url


def test_its_rows_are_those_of_the_real_path(database_url: str, empty_url: str) -> None:
    load = workload.make(1_200, accounts=50, grants=1, seed=3)
    floor = Floor(empty_url)
    with closing(floor):
        floor.open_books(load.setup)
        assert floor.per_second(load.messages[:700]) > 0
        assert floor.per_second(load.messages[700:]) > 0
    _take(load, database_url)
    with psycopg.connect(database_url) as real, psycopg.connect(empty_url) as played:
        for rows in NO_INSTANTS:
            expected = real.execute(rows.encode()).fetchall()
            assert expected
            assert played.execute(rows.encode()).fetchall() == expected


def _take(load: Workload, url: str) -> None:
    engine = engine_for(url)
    for messages in (load.setup, load.messages):
        batch = read_batch([Delivery("", body) for body in messages], Codec().decode)
        process(batch, PostgresStore(engine), None)
    engine.dispose()
