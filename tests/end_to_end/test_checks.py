"""The checks of these tests bite: planted wrongs are found, one by one."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from db.engine import engine_for
from db.store import PostgresStore
from tests.end_to_end.books import against_model, violations_in_views
from tests.end_to_end.messages import TENANT, mixed
from tests.end_to_end.model import Model
from tests.end_to_end.outsider import event_violations
from worker.codec import Codec
from worker.ports import Delivery
from worker.process import process, read_batch

PLANTED = {
    "UPDATE accounts SET balance = balance + 1 WHERE customer = 'cus1'": ("I4", "I6 balance"),
    "UPDATE grants SET remaining = remaining - 1, used = used + 1 WHERE remaining > 0": ("I6",),
    "UPDATE invoices SET applied = applied - 1 WHERE applied > 0": ("I7",),
    "UPDATE entries SET balance = balance + 1 WHERE seq = 2": ("I3",),
    "UPDATE entries SET cause_id = 'm', kind = 'grant' WHERE amount > 0 OR seq = 2": ("I2",),
}


def event(seq: int, name: str = "") -> dict[str, Any]:
    data = {"tenant": TENANT, "customer": "ann", "event_seq": seq}
    return {"id": name or f"e{seq}", "data": data}


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([event(1), event(2), event(1), event(2), event(3)], []),
        ([event(1), event(3)], ["I12"]),
        ([event(2), event(1), event(3)], ["I12"]),
        ([event(1), event(2), event(2, "other"), event(3)], ["I12"]),
        ([event(1), event(2)], ["I11"]),
    ],
)
def test_events(events: list[dict[str, Any]], found: list[str]) -> None:
    wrong = event_violations(events, {(TENANT, "ann"): 3})
    assert [line[:3] for line in wrong] == found


@pytest.mark.parametrize("corruption", PLANTED)
def test_books(database_url: str, corruption: str) -> None:
    load = mixed([f"cus{number}" for number in range(5)], 60)
    model = Model().take_all(load)
    decide(database_url, load)
    with psycopg.connect(database_url, autocommit=True) as database:
        assert violations_in_views(database) == []
        assert against_model(database, TENANT, model) == []
        database.execute("ALTER TABLE entries DISABLE TRIGGER ALL")
        database.execute("ALTER TABLE entries DROP CONSTRAINT kind_gives_the_sign")
        database.execute(corruption.encode())
        found = "\n".join(violations_in_views(database))
        assert all(promise in found for promise in PLANTED[corruption])


def test_a_ledger_in_another_order(database_url: str) -> None:
    """The second half backwards: what is paid follows from the order."""
    load = mixed(["ann"], 40)
    decide(database_url, load[:20] + load[:19:-1])
    with psycopg.connect(database_url, autocommit=True) as database:
        assert against_model(database, TENANT, Model().take_all(load)) != []


def decide(database_url: str, load: list[bytes]) -> None:
    engine = engine_for(database_url)
    deliveries = [Delivery("", body) for body in load]
    process(read_batch(deliveries, Codec().decode), PostgresStore(engine), None)
    engine.dispose()
