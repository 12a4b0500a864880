"""How often a gather waits for the database, and what happens when two gather the same settings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from db.engine import engine_for
from db.errors import Transient
from db.gather import gather
from db.look_ups import settings_of
from db.store import PostgresStore
from domain.batch import decide_batch
from domain.messages import Message
from domain.settings import TenantSettings
from domain.wanted import wanted
from tests import builders, verbs
from worker.process import Batch, process

HOT = [
    builders.grant(500, "a"),
    builders.grant(500, "b", external_id="x"),
    builders.deduct(10),
    builders.invoice(100, "i", auto_apply=False),
    builders.void("i"),
]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = engine_for(database_url)
    yield opened
    opened.dispose()


def waits(engine: Engine, tmp_path: Path, *messages: Message) -> int:
    """How often the client asks the server to answer, after its first transaction command."""
    pooled = engine.raw_connection()
    connection: Any = pooled.driver_connection
    connection.execute("SELECT 1")
    with (tmp_path / "protocol").open("w+") as protocol:
        connection.pgconn.trace(protocol.fileno())
        gather(connection, wanted(messages), None, {})
        connection.pgconn.untrace()
        protocol.seek(0)
        told = [line for line in protocol if "\tReadyForQuery" in line]
    pooled.invalidate()
    return len(told)


@pytest.mark.skipif(sys.platform != "linux", reason="libpq traces its protocol on Linux only")
def test_only_rows_that_name_others_cost_another_wait(engine: Engine, tmp_path: Path) -> None:
    """What most batches hold is read in one go, and the rest as far as it is there."""
    least = waits(engine, tmp_path)
    assert waits(engine, tmp_path, *HOT) == least
    store = PostgresStore(engine)
    process(Batch(messages=HOT), store, None)
    assert waits(engine, tmp_path, *HOT) == least
    used = builders.invoice(970, "used"), builders.invoice(5, "open", auto_apply=False)
    process(Batch(messages=[*used, verbs.hold(5, "h")]), store, None)
    for message, more in (
        (builders.deduct(1, customer="nobody"), 0),
        (builders.deduct(1), 1),  # the open hold
        (verbs.release("h", customer="nobody"), 0),
        (builders.void("used", customer="nobody"), 0),
        (builders.void("used"), 1),  # the hold and a grant that was used up, together
        (verbs.reverse(entry=4), 2),  # the invoice of the entry, and then its grants
    ):
        assert waits(engine, tmp_path, message) == least + more, message.cause


def process_meanwhile(store: PostgresStore, message: Message, other: Callable[[], object]) -> None:
    """Process a message, and something else between its gather and its save."""
    with store.transaction(None) as transaction:
        changes = decide_batch(transaction.gather(wanted([message])), [message])
        other()
        transaction.save(changes, ())


def test_who_configures_a_tenant_at_the_same_time_tries_again(engine: Engine) -> None:
    """Neither takes back what the other said, and neither ends in quarantine."""
    one, other = PostgresStore(engine), PostgresStore(engine)
    plan = verbs.configure_tenant({"plan": "p"}, customer="a")
    level = verbs.configure_tenant({"low_balance": 7}, customer="b")
    with pytest.raises(Transient):
        process_meanwhile(other, level, lambda: process(Batch(messages=[plan]), one, None))
    process(Batch(messages=[level]), other, None)
    with engine.connect() as connection:
        found = settings_of(connection, "default")
    assert found == TenantSettings(version=2, plan="p", low_balance=7)
