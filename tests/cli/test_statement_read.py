"""A statement that reads a part of an account says what one that knows all of it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine

from db.books import snapshot
from db.engine import engine_for
from db.look_ups import clock, details_of, holdings
from domain.books import Books
from domain.order import PROFILES
from tests.cli.conftest import Drain, Run, Write
from tests.cli.messages import line, mix
from tests.cli.statement_story import told
from worker.cli.statement_data import statement_data
from worker.cli.statement_read import Asked, read_statement, statement_of
from worker.state import Data

KEPT = [
    line("tenant.configure", "conf", tolerances={"p": {"USD": 100}}, plan="p"),
    line("credit.grant", "k1", amount=5_000, customer="c1", grant="kept"),
    line("credit.hold", "k2", hold="h", amount=300, customer="c1"),
    line("credit.transfer", "k3", transfer="t", to_customer="c2", amount=200, customer="c1"),
    line("invoice.created", "k4", invoice="short", amount_due=10**7, customer="c1"),
    line("payment.shortfall", "k5", invoice="short", shortfall=50, writeoff="w", customer="c1"),
    line("credit.amend", "k6", grant="kept", priority=3, customer="c1"),
    line("writeoff.reverse", "k7", writeoff="w", customer="c1"),
    line("credit.release", "k8", hold="h", customer="c1"),
]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = engine_for(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def instants(run: Run, drain: Drain, write: Write, engine: Engine) -> list[datetime]:
    """Between parts of a mix, and of messages that an account keeps something of."""
    bodies, found = list(mix(7, 600)), list[datetime]()
    for part in (bodies[:200], KEPT[:4], bodies[200:400], KEPT[4:6], KEPT[6:], bodies[400:]):
        run("publish", str(write(part)))
        drain()
        with engine.connect() as connection:
            found.append(clock(connection))
    return found


def known(connection: Connection, books: Books, asked: Asked, now: datetime) -> Data:
    """What all that is stored comes to, but for invoices that no entry of the period touched."""
    whole = replace(told(books, asked), details=details_of(connection, books.account_id))
    one = statement_of(books, whole, PROFILES["standard"], asked, now)
    touched = {entry.invoice for entry in one.ledger}
    data = statement_data(one, asked.at)
    data["invoices"] = [row for row in data["invoices"] if row["invoice"] in touched]
    return data


def read(connection: Connection, books: Books, asked: Asked, now: datetime) -> Data:
    (account,) = holdings(connection, *books.key)
    one = read_statement(connection, account, PROFILES["standard"], asked, now)
    return statement_data(one, asked.at)


def test_a_part_of_an_account_is_enough(instants: list[datetime], engine: Engine) -> None:
    """Between any two instants, in the past and in the future."""
    with snapshot(engine) as seen:
        every, now = list(seen.books()), seen.now
    ends = [*instants, now, now + timedelta(days=365 * 100)]
    periods = [(since, at) for at in ends for since in (None, *instants) if not since or since < at]
    cut = kept = 0
    with engine.connect() as connection:
        for books in every:
            for since, at in periods:
                asked = Asked(since, at)
                found = read(connection, books, asked, now)
                assert found == known(connection, books, asked, now), (books.key, asked)
                cut += found["left_out"] > 0
                kept += len(found["writeoffs"])
    assert cut > len(every)
    assert kept
