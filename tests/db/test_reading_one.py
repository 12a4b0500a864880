"""`read` and `list` are two permissions: a finder is shown one row, and has to name it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from db import roles
from db.engine import engine_for
from db.migrate import upgrade
from db.readers import EVERY_TENANT, bind, login_of
from db.store import PostgresStore
from tests.db.logins import create, drop, logged_in
from tests.db.test_row_security import OURS, THEIRS, story
from worker.process import Batch, process

Database = psycopg.Connection[Any]

ROLES = {"finder": roles.FINDER, "reader": roles.READER, "unbound": roles.FINDER,
         "all": roles.FINDER}  # fmt: skip
LOGINS = {name: f"scrip_test_{os.getpid()}_one_{name}" for name in ROLES}
ASKED = {
    "balance_of": ("balance", "{tenant}, 'acme', 'USD'"),
    "entry_of": ("ledger", "{tenant}, 'acme', 'USD', 1"),
    "grant_of": ("grant_status", "{tenant}, 'acme', 'USD', 'g'"),
    "invoice_of": ("invoice_credit", "{tenant}, 'acme', 'USD', 'i'"),
    "writeoff_of": ("writeoff", "{tenant}, 'acme', 'USD', 'w'"),
}
KEY = {"entry_of": "seq = 1", "grant_of": "grant_id = 'g'"}


@pytest.fixture
def owner(database_url: str) -> Iterator[Database]:
    """With two tenants, a finder and a reader of one of them, a finder of none and one of all."""
    engine = engine_for(database_url)
    process(Batch(messages=story(OURS) + story(THEIRS)), PostgresStore(engine), None)
    with psycopg.connect(database_url, autocommit=True) as connection:
        for name, login in LOGINS.items():
            create(connection, login, ROLES[name])
        with engine.begin() as binding:
            bind(binding, LOGINS["finder"], [OURS])
            bind(binding, LOGINS["reader"], [OURS])
            bind(binding, LOGINS["all"], [EVERY_TENANT])
        engine.dispose()
        yield connection
        for login in LOGINS.values():
            drop(connection, login)


def one(connection: Database, function: str, tenant: str = OURS) -> list[tuple[Any, ...]]:
    arguments = ASKED[function][1].format(tenant=f"'{tenant}'")
    return connection.execute(f"SELECT * FROM {function}({arguments})".encode()).fetchall()


@pytest.mark.parametrize("function", ASKED)
def test_one_row_is_that_of_the_view(owner: Database, database_url: str, function: str) -> None:
    """The same columns, the same values, and one row."""
    view = ASKED[function][0]
    where = f"tenant = '{OURS}' AND {KEY.get(function, 'true')}"
    wanted = owner.execute(f"SELECT * FROM {view} WHERE {where}".encode()).fetchall()
    with logged_in(database_url, LOGINS["finder"]) as finder:
        assert one(finder, function) == wanted
    assert len(wanted) == 1


@pytest.mark.parametrize("view", roles.VIEWS)
def test_who_may_read_may_not_list(owner: Database, database_url: str, view: str) -> None:
    with logged_in(database_url, LOGINS["finder"]) as finder, pytest.raises(InsufficientPrivilege):
        finder.execute(f"SELECT * FROM {view}".encode())


@pytest.mark.parametrize("function", ASKED)
def test_who_may_list_may_read(owner: Database, database_url: str, function: str) -> None:
    with logged_in(database_url, LOGINS["reader"]) as reader:
        assert len(one(reader, function)) == 1


@pytest.mark.parametrize("function", ASKED)
@pytest.mark.parametrize(
    ("name", "tenant", "rows"),
    [("finder", THEIRS, 0), ("reader", THEIRS, 0), ("unbound", OURS, 0), ("all", THEIRS, 1)],
)
def test_one_row_of_another_tenant_is_not_there(
    owner: Database, database_url: str, name: str, tenant: str, rows: int, function: str
) -> None:
    """Though the function works with its owner's rights."""
    with logged_in(database_url, LOGINS[name]) as connection:
        assert len(one(connection, function, tenant)) == rows


@pytest.mark.parametrize(
    "attempt",
    [
        f"SET ROLE {roles.FINDER}",
        "CREATE TEMP TABLE reader_tenants AS SELECT session_user::text AS reader, '*' AS tenant",
        "CREATE TEMP VIEW balance AS SELECT 1",
        "SET search_path = pg_temp",
    ],
)
def test_nothing_that_a_finder_may_do_shows_more(
    owner: Database, database_url: str, attempt: str
) -> None:
    with logged_in(database_url, LOGINS["finder"]) as finder:
        finder.execute(attempt.encode())
        asked = "SELECT * FROM public.balance_of('{}', 'acme', 'USD')"
        assert finder.execute(asked.format(THEIRS).encode()).fetchall() == []
        assert len(finder.execute(asked.format(OURS).encode()).fetchall()) == 1


@pytest.mark.parametrize(
    "attempt",
    [
        f"SET ROLE {roles.READER}",
        "SELECT * FROM accounts",
        "SELECT * FROM reader_tenants",
        """CREATE OR REPLACE FUNCTION balance_of(text, text, text) RETURNS SETOF balance
           LANGUAGE sql AS 'SELECT * FROM balance'""",
    ],
)
def test_what_would_show_more_is_refused(owner: Database, database_url: str, attempt: str) -> None:
    with logged_in(database_url, LOGINS["finder"]) as finder, pytest.raises(InsufficientPrivilege):
        finder.execute(attempt.encode())


def test_nobody_else_may_call_them_and_migrating_sets_it_right(
    owner: Database, database_url: str
) -> None:
    """Every function there is, for every role; what somebody gave or took is undone."""
    signatures = set(roles.FUNCTIONS[roles.FINDER])
    there = "SELECT oid::regprocedure::text FROM pg_proc WHERE prosecdef AND prokind = 'f'"
    assert {row[0] for row in owner.execute(f"{there} AND pronargs >= 3".encode())} == signatures
    owner.execute("REVOKE EXECUTE ON FUNCTION entry_of FROM scrip_finder")
    owner.execute("GRANT EXECUTE ON FUNCTION entry_of TO scrip_relay")
    assert upgrade(database_url) == []
    may = "SELECT has_function_privilege(%s, %s, 'EXECUTE')"
    for role in roles.PRIVILEGES:
        found = {one for one in signatures if owner.execute(may, (role, one)).fetchone() == (True,)}
        assert found == set(roles.FUNCTIONS.get(role, ())), role


def test_a_finder_may_be_bound(owner: Database, database_url: str) -> None:
    engine = engine_for(database_url)
    with engine.connect() as connection:
        assert login_of(connection, LOGINS["finder"]) == (True, False)
    engine.dispose()


def test_one_row_is_found_by_the_index(owner: Database, database_url: str) -> None:
    """What stands in the function is asked as it is: its plan is not shown to callers."""
    owner.execute(
        """INSERT INTO accounts (account_id, bucket, tenant, customer, currency)
           SELECT substr(encode(sha256(n::text::bytea), 'hex'), 1, 32)::uuid, 0, 'ours', n::text,
                  'USD' FROM generate_series(1, 20000) n"""
    )
    owner.execute("VACUUM ANALYZE accounts")
    owner.execute("SELECT pg_stat_reset()")
    with logged_in(database_url, LOGINS["finder"]) as finder:
        assert len(one(finder, "grant_of")) == 1
    scans = "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'accounts'"
    assert owner.execute(scans.encode()).fetchone() == (0,)
