"""The schema: the migrations make what `db/tables.py` says, and its keys can be sharded."""

import re
from collections.abc import Iterator

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, text

from db import migrate
from db.engine import engine_for
from db.schema import metadata
from tests.benchmarks.history import Past, load
from tests.servers import database
from worker.embedded import Servers

SHARED_BY_ALL = {
    *("tenants", "reader_tenants", "leases", "outbox", "quarantine", "alembic_version")
}
"""The tables that belong to no account, so that no account_id can lead their keys."""

CATALOGUE = {
    "columns": """
        SELECT table_name, column_name, data_type, udt_name, is_nullable, column_default,
               collation_name, generation_expression, is_identity
        FROM information_schema.columns WHERE table_schema = 'public'
          AND table_name IN (SELECT relname FROM pg_class WHERE relkind = 'r')""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "storage": """
        SELECT relname, array_to_string(reloptions, ',') FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace""",
}


@pytest.fixture
def migrated(database_url: str) -> Iterator[Engine]:
    engine = engine_for(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def declared(servers: Servers) -> Iterator[Engine]:
    with database(servers, "scrip_declared") as url:
        engine = engine_for(url)
        metadata.create_all(engine)
        yield engine
        engine.dispose()


def catalogue(connection: Connection, what: str) -> set[tuple[str, ...]]:
    rows = connection.execute(text(CATALOGUE[what]))
    return {tuple(map(str, row)) for row in rows if row[0] != "alembic_version"}


@pytest.mark.parametrize("what", sorted(CATALOGUE))
def test_the_migrations_make_the_declared_tables(
    migrated: Engine, declared: Engine, what: str
) -> None:
    with migrated.connect() as one, declared.connect() as other:
        assert catalogue(one, what) == catalogue(other, what)


def test_the_newest_migration_can_be_taken_back(database_url: str) -> None:
    """What was there before it is there again; and then it runs as if for the first time."""
    engine = engine_for(database_url)
    with engine.connect() as connection:
        newest = everything(connection)
        migrate_to(connection, "0004")
        before = everything(connection)
        connection.commit()
    assert "writeoffs" not in {row[0] for row in before}
    migrate.upgrade(database_url)
    with engine.connect() as connection:
        assert everything(connection) == newest
        migrate_to(connection, "0004")
        assert everything(connection) == before
    engine.dispose()


def test_receipts_that_were_there_get_the_keys_of_today(database_url: str) -> None:
    """A repeat of what was decided before is still one (I2)."""
    load(database_url, Past(entries=200, accounts=4))
    engine, keys = engine_for(database_url), text("SELECT key FROM receipts ORDER BY id")
    with engine.connect() as connection:
        made = connection.execute(keys).all()
        migrate_to(connection, "0009")
        assert connection.execute(keys).all() != made
        connection.commit()
    migrate.upgrade(database_url)
    with engine.connect() as connection:
        assert connection.execute(keys).all() == made
    engine.dispose()


def everything(connection: Connection) -> set[tuple[str, ...]]:
    """Tables and views, to the column."""
    found = set[tuple[str, ...]]().union(*(catalogue(connection, what) for what in CATALOGUE))
    views = text("SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'")
    return found | {tuple(row) for row in connection.execute(views)}


def migrate_to(connection: Connection, revision: str) -> None:
    config = migrate._config()
    config.attributes["connection"] = connection
    command.downgrade(config, revision)


def test_account_id_leads_every_key_of_ledger_data(migrated: Engine) -> None:
    with migrated.connect() as connection:
        indexes = catalogue(connection, "indexes")
    keys = [row for row in indexes if "UNIQUE" in row[2] and row[0] not in SHARED_BY_ALL]
    assert keys
    for table, name, definition in keys:
        assert re.search(r"\(account_id\b", definition), f"{table}.{name}: {definition}"


def test_no_constraint_reaches_across_accounts(migrated: Engine) -> None:
    with migrated.connect() as connection:
        constraints = catalogue(connection, "constraints")
    assert not [row for row in constraints if row[2].startswith(("FOREIGN KEY", "EXCLUDE"))]
