"""The roles: what they may do is what `db/roles.py` declares, and scrip needs no more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import ClientCursor
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from db import roles
from db.engine import engine_for
from db.migrate import upgrade
from db.queries import statement, statements
from db.store import FORGET

RELATIONS = """
SELECT relname::text FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY oid
"""
COLUMNS = "SELECT attname::text FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
OF_RELAY = {"unsent", "find_stalled", "end_stalled", "take_lease", "renew_lease", "release_lease"}


@pytest.fixture
def database(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """As the owner."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def worker(database_url: str) -> Iterator[Engine]:
    """The owner's password, and the worker's role."""
    engine = engine_for(database_url, role=roles.WORKER)
    yield engine
    engine.dispose()


def asked(database: psycopg.Connection[Any], sql: str, *parameters: Any) -> list[Any]:
    return [row[0] for row in database.execute(sql.encode(), parameters)]


def rights(database: psycopg.Connection[Any], role: str, table: str) -> set[str]:
    """What the database lets a role do, through whatever it is given or belongs to."""
    column = "has_column_privilege(%s, %s, %s, 'UPDATE')"
    found = {
        privilege
        for privilege in PRIVILEGES
        if asked(database, "SELECT has_table_privilege(%s, %s, %s)", role, table, privilege)[0]
    }
    if "UPDATE" in found:
        return found
    return found | {
        f"UPDATE ({name})"
        for name in asked(database, COLUMNS, table)
        if asked(database, f"SELECT {column}", role, table, name)[0]
    }


def test_every_table_is_declared(database: psycopg.Connection[Any]) -> None:
    """A migration that adds one says in db/roles.py who may do what with it."""
    declared = {table for of_role in roles.PRIVILEGES.values() for table in of_role}
    assert set(asked(database, RELATIONS)) == declared


def astray(database: psycopg.Connection[Any], role: str) -> list[str]:
    """Tables and views where other rights hold than those declared."""
    declared = roles.PRIVILEGES[role]
    tables = asked(database, RELATIONS)
    return [name for name in tables if rights(database, role, name) != declared.get(name, set())]


@pytest.mark.parametrize("role", roles.PRIVILEGES)
def test_what_is_declared_is_what_holds(database: psycopg.Connection[Any], role: str) -> None:
    """For every table and view, to the column."""
    assert astray(database, role) == []


@pytest.mark.parametrize(
    ("role", "name"),
    [(roles.WORKER, name) for name in sorted(statements())]
    + [(roles.RELAY, name) for name in sorted(OF_RELAY)],
)
def test_what_scrip_does_is_allowed(
    database: psycopg.Connection[Any], role: str, name: str
) -> None:
    """PostgreSQL checks a statement's privileges even when it only explains it."""
    sql = statement(name)
    named = dict.fromkeys(re.findall(r"%\((\w+)\)s", sql.decode()))
    parameters: Any = named or (None,) * sql.count(b"%s")
    database.execute(f"SET ROLE {role}".encode())
    ClientCursor(database).execute(b"EXPLAIN " + sql, parameters)


def test_only_the_relay_forgets_events(database: psycopg.Connection[Any]) -> None:
    database.execute(f"SET ROLE {roles.RELAY}".encode())
    database.execute(FORGET, ([1],))
    database.execute(f"SET ROLE {roles.WORKER}".encode())
    with pytest.raises(InsufficientPrivilege):
        database.execute(FORGET, ([1],))


def test_the_relay_has_its_own_lease_alone(database: psycopg.Connection[Any]) -> None:
    """It neither sees the reader's nor takes it."""
    take = "INSERT INTO leases VALUES (%s, 1, 'me', now())"
    database.execute(take.encode(), ("reader/0",))
    database.execute(f"SET ROLE {roles.RELAY}".encode())
    database.execute(take.encode(), ("relay/0",))
    assert database.execute("UPDATE leases SET epoch = 9").rowcount == 1
    assert asked(database, "SELECT name FROM leases") == ["relay/0"]
    with pytest.raises(InsufficientPrivilege, match="row-level security"):
        database.execute(take.encode(), ("reader/1",))


@pytest.mark.parametrize(
    "statement", ["UPDATE entries SET amount = amount", "DELETE FROM entries", "TRUNCATE entries"]
)
def test_the_owners_password_cannot_change_the_ledger(worker: Engine, statement: str) -> None:
    """I10, and not only by the trigger; nor does a failure give the rights back."""
    for _ in range(2):
        with (
            pytest.raises(ProgrammingError, match="permission denied for table entries"),
            worker.begin() as connection,
        ):
            connection.execute(text(statement))


def test_the_pool_keeps_the_role(worker: Engine) -> None:
    """One connection, given back after a commit, a rollback and a failure."""
    with worker.connect() as first:
        pid = first.execute(text("SELECT pg_backend_pid()")).scalar_one()
        first.rollback()
    with pytest.raises(ProgrammingError), worker.begin() as second:
        second.execute(text("SELECT * FROM nowhere"))
    with worker.begin() as third:
        found = third.execute(text("SELECT pg_backend_pid(), current_user, session_user")).one()
    assert (found[0], found[1]) == (pid, roles.WORKER)
    assert found[2] != roles.WORKER


def test_migrating_again_sets_privileges_right(
    database: psycopg.Connection[Any], database_url: str
) -> None:
    """What somebody gave or took is undone; what others have is left alone."""
    database.execute("GRANT ALL ON entries TO scrip_worker, scrip_reader")
    database.execute("REVOKE ALL ON accounts, balance FROM scrip_worker, scrip_reader")
    assert astray(database, roles.WORKER) == ["accounts", "entries", "balance"]
    database.execute("GRANT SELECT ON entries TO PUBLIC")
    assert upgrade(database_url) == []
    assert rights(database, roles.READER, "entries") == {"SELECT"}
    database.execute("REVOKE SELECT ON entries FROM PUBLIC")
    assert [astray(database, role) for role in roles.PRIVILEGES] == [[], [], [], []]
