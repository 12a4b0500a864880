"""The worker that scrip is measured against does the same work: its books are the model's."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tests.benchmarks import workload
from tests.benchmarks.orm.books import complaints, engine_on, open_books
from tests.benchmarks.orm.credit import handle
from tests.benchmarks.orm.models import Base, Grant, Outbox, Receipt
from tests.servers import database
from worker.clock import SystemClock
from worker.codec import Codec
from worker.embedded import Servers
from worker.memory.store import MemoryStore
from worker.ports import Delivery
from worker.process import process, read_batch


@pytest.fixture
def engine(servers: Servers) -> Iterator[Engine]:
    with database(servers, f"scrip_test_orm_{os.getpid()}") as url:
        engine = engine_on(url)
        yield engine
        engine.dispose()


def test_its_books_are_those_of_the_model(engine: Engine) -> None:
    """Few accounts with little credit, so that deductions are refused and invoices stay open."""
    load = workload.make(300, accounts=3, grants=3, seed=5)
    open_books(engine, load.setup)
    assert complaints(engine, load.setup, []) == []
    for message in load.messages:
        with Session(engine) as session, session.begin():
            handle(session, json.loads(message))
    assert complaints(engine, load.setup, load.messages) == []
    with Session(engine) as session:
        repeats = session.scalar(select(func.sum(Receipt.repeats)))
        refused = select(func.count()).where(Receipt.outcome == "refused")
        assert session.scalar(refused)
        assert session.scalar(select(func.count()).select_from(Outbox))
        left = {grant.name: grant.remaining for grant in session.scalars(select(Grant))}
    assert repeats == len(load.messages) - len(set(load.messages))
    assert left == _left_in_scrip([*load.setup, *load.messages])


def _left_in_scrip(messages: list[bytes]) -> dict[str, int]:
    """What is left of each grant where scrip itself decides, so that the order of use counts."""
    store = MemoryStore(SystemClock())
    process(read_batch([Delivery("", body) for body in messages], Codec().decode), store, None)
    return {
        name: grant.remaining
        for account in store.accounts.values()
        for name, grant in account.grants.items()
    }


def test_another_body_under_the_same_id_is_a_conflict_and_changes_nothing(engine: Engine) -> None:
    load = workload.make(0, accounts=1, grants=1)
    open_books(engine, load.setup)
    other = json.loads(load.setup[0])
    other["data"]["amount"] += 1
    with Session(engine) as session, session.begin():
        handle(session, other)
    with Session(engine) as session:
        assert session.scalars(select(Receipt)).one().conflicts == 1
    assert complaints(engine, load.setup, []) == []


def test_promotional_credit_goes_first_where_all_else_is_equal(engine: Engine) -> None:
    """The random load hardly ever has such grants side by side."""
    grant = json.loads(workload.make(0, accounts=1, grants=1).setup[0])
    terms = {"amount": 50, "priority": 50, "expires_at": None}
    messages = []
    for category in ("paid", "promotional"):
        data = {name: value for name, value in (grant["data"] | terms).items() if value}
        messages.append(grant | {"id": category, "data": data | {"category": category}})
    account = {name: grant["data"][name] for name in ("tenant", "customer", "currency")}
    messages.append(grant | {"type": "credit.deduct", "id": "d", "data": account | {"amount": 60}})
    Base.metadata.create_all(engine)
    for message in messages:
        with Session(engine) as session, session.begin():
            handle(session, message)
    with Session(engine) as session:
        left = {grant.name: grant.remaining for grant in session.scalars(select(Grant))}
    assert left == {"paid": 40, "promotional": 0}
    assert left == _left_in_scrip([json.dumps(message).encode() for message in messages])


def test_a_message_that_was_not_taken_is_noticed(engine: Engine) -> None:
    load = workload.make(1, accounts=1, grants=1)
    open_books(engine, load.setup)
    assert complaints(engine, load.setup, load.messages) == ["1 messages not taken"]
