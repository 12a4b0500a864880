"""I15 in SQL: a reader bound to one tenant sees nothing of another, whatever it tries."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from db import roles
from db.engine import engine_for
from db.readers import EVERY_TENANT, bind, bound, login_of, unbind
from db.store import PostgresStore
from domain.messages import Message
from tests import builders, verbs
from tests.db.logins import create, drop, logged_in
from worker.process import Batch, process

OURS, THEIRS = "ours", "theirs"
LOGINS = {name: f"scrip_test_{os.getpid()}_{name}" for name in ("a", "b", "all", "unbound")}
"""Logins belong to the server, which other tests may use at the same time."""

Database = psycopg.Connection[Any]
As = Callable[[str], Database]


def story(tenant: str) -> list[Message]:
    """A row for every view, the same for each tenant but for its note."""
    return [
        verbs.configure_tenant({"tolerances": {"p": {"USD": 50}}, "plan": "p"}, tenant=tenant),
        builders.grant(500, "g", note=f"secret of {tenant}", tenant=tenant),
        builders.invoice(100, "i", auto_apply=False, tenant=tenant),
        verbs.shortfall(20, "i", "w", tenant=tenant),
    ]


@pytest.fixture
def owner(database_url: str) -> Iterator[Database]:
    """With two tenants, and a login for each kind of reader."""
    engine = engine_for(database_url)
    process(Batch(messages=story(OURS) + story(THEIRS)), PostgresStore(engine), None)
    with psycopg.connect(database_url, autocommit=True) as connection:
        for login in LOGINS.values():
            create(connection, login, roles.READER)
        with engine.begin() as binding:
            bind(binding, LOGINS["a"], [OURS])
            bind(binding, LOGINS["b"], [THEIRS])
            bind(binding, LOGINS["all"], [EVERY_TENANT])
        engine.dispose()
        yield connection
        connection.execute("RESET ROLE")
        for login in LOGINS.values():
            drop(connection, login)


def tenants(connection: Database, view: str) -> set[str]:
    return {row[0] for row in connection.execute(f"SELECT tenant FROM {view}".encode())}


@pytest.mark.parametrize("view", roles.VIEWS)
@pytest.mark.parametrize(
    ("login", "seen"),
    [("a", {OURS}), ("b", {THEIRS}), ("all", {OURS, THEIRS}), ("unbound", set())],
)
def test_a_reader_sees_the_tenants_it_is_bound_to(
    owner: Database, database_url: str, login: str, view: str, seen: set[str]
) -> None:
    with logged_in(database_url, LOGINS[login]) as reader:
        assert tenants(reader, view) == seen


@pytest.mark.parametrize("view", roles.VIEWS)
def test_who_may_read_the_tables_sees_all(owner: Database, view: str) -> None:
    """The owner, and the worker's role, which the commands for people use."""
    assert tenants(owner, view) == {OURS, THEIRS}
    owner.execute(f"SET ROLE {roles.WORKER}".encode())
    assert tenants(owner, view) == {OURS, THEIRS}


@pytest.mark.parametrize("view", roles.VIEWS)
def test_stepping_down_to_the_role_binds_to_nothing(owner: Database, view: str) -> None:
    """The role is a group; what is bound is who logged in."""
    owner.execute(f"SET ROLE {roles.READER}".encode())
    assert tenants(owner, view) == set()


@pytest.mark.parametrize(
    "attempt",
    [
        f"SET ROLE {roles.READER}",
        "SET scrip.tenant = 'theirs'",
        "CREATE TEMP TABLE accounts (tenant text)",
        "CREATE TEMP TABLE reader_tenants AS SELECT '{a}' AS reader, '*' AS tenant",
        """CREATE FUNCTION pg_temp.has_table_privilege(oid, text) RETURNS boolean LANGUAGE sql
           AS 'SELECT true'; SET search_path = pg_temp, public, pg_catalog""",
        "SET row_security = off",
    ],
)
def test_nothing_that_a_reader_may_do_shows_more(
    owner: Database, database_url: str, attempt: str
) -> None:
    with logged_in(database_url, LOGINS["a"]) as reader:
        reader.execute(attempt.format(**LOGINS).encode())
        assert [tenants(reader, f"public.{view}") for view in roles.VIEWS] == [{OURS}] * 5


@pytest.mark.parametrize(
    "attempt",
    [
        "SET SESSION AUTHORIZATION {b}",
        "SET ROLE {b}",
        f"SET ROLE {roles.WORKER}",
        "SELECT * FROM reader_tenants",
        "INSERT INTO reader_tenants VALUES ('{a}', '*')",
        "SELECT * FROM accounts",
        "CREATE OR REPLACE VIEW ledger AS SELECT 1",
        "ALTER VIEW ledger SET (security_barrier = false)",
        "COPY entries TO STDOUT",
    ],
)
def test_what_would_show_more_is_refused(owner: Database, database_url: str, attempt: str) -> None:
    with logged_in(database_url, LOGINS["a"]) as reader, pytest.raises(InsufficientPrivilege):
        reader.execute(attempt.format(**LOGINS).encode())


def test_a_function_of_the_readers_own_is_shown_no_other_row(
    owner: Database, database_url: str
) -> None:
    """However cheap it says it is: it is asked about rows that are the reader's already."""
    with logged_in(database_url, LOGINS["a"]) as reader:
        reader.execute("CREATE TEMP TABLE seen (note text)")
        reader.execute(
            "CREATE FUNCTION pg_temp.look(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 "
            "AS 'BEGIN INSERT INTO seen VALUES ($1); RETURN true; END'"
        )
        reader.execute("SELECT 1 FROM ledger WHERE pg_temp.look(note)")
        noted = {row[0] for row in reader.execute("SELECT note FROM seen WHERE note IS NOT NULL")}
    assert noted == {f"secret of {OURS}"}


def test_a_customer_is_still_found_by_the_index(owner: Database, database_url: str) -> None:
    owner.execute(
        """INSERT INTO accounts (account_id, bucket, tenant, customer, currency)
           SELECT substr(encode(sha256(n::text::bytea), 'hex'), 1, 32)::uuid, 0, 'ours', n::text,
                  'USD' FROM generate_series(1, 20000) n"""
    )
    owner.execute("VACUUM ANALYZE accounts, entries")
    asked = "SELECT * FROM ledger WHERE tenant = 'ours' AND customer = '77' AND seq > 1"
    with logged_in(database_url, LOGINS["a"]) as reader:
        plan = "\n".join(row[0] for row in reader.execute(f"EXPLAIN {asked}".encode()))
    assert "accounts_by_customer" in plan


def test_bindings_are_given_and_taken(owner: Database, database_url: str) -> None:
    engine, login = engine_for(database_url), LOGINS["unbound"]
    with engine.begin() as connection:
        bind(connection, login, [THEIRS])
        bind(connection, login, [OURS, THEIRS])
        assert [pair for pair in bound(connection) if pair[0] == login] == [
            (login, OURS),
            (login, THEIRS),
        ]
        assert unbind(connection, login, [OURS]) == 1
    with logged_in(database_url, LOGINS["unbound"]) as reader:
        assert tenants(reader, "balance") == {THEIRS}
        with engine.begin() as connection:
            assert unbind(connection, login, []) == 1
        assert tenants(reader, "balance") == set()
    engine.dispose()


def test_what_a_login_may_read_is_told(owner: Database, database_url: str) -> None:
    engine = engine_for(database_url)
    with engine.connect() as connection:
        assert login_of(connection, LOGINS["a"]) == (True, False)
        assert login_of(connection, roles.WORKER) == (False, True)
        assert login_of(connection, roles.RELAY) == (False, False)
        assert login_of(connection, "nobody at all") is None
    engine.dispose()
