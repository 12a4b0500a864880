"""Migrations: the only place where the schema changes."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from db.engine import engine_for

_LOCK = 0x5C21D  # one migration at a time; no other code takes advisory locks


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def upgrade(database_url: str) -> None:
    """Bring the schema to the newest revision; safe to run at every start and by two at once."""
    engine = engine_for(database_url, pool_size=1)
    config = _config()
    try:
        with engine.begin() as connection:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def revisions(database_url: str) -> tuple[str | None, str | None]:
    """The database's revision and the newest one this release knows."""
    engine = engine_for(database_url, pool_size=1)
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()
    return current, ScriptDirectory.from_config(_config()).get_current_head()
