"""Migrations: the only place where the schema changes."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

from db.engine import engine_for
from db.roles import establish

if TYPE_CHECKING:
    from alembic.config import Config

# Alembic is imported where it is used: it is slow to import, and every command comes by here.

_LOCK = 0x5C21D  # one migration at a time; no other code takes advisory locks


def _config() -> "Config":
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def upgrade(database_url: str) -> list[str]:
    """Bring the schema to the newest revision, and the roles to what `db/roles.py` declares.

    Safe to run at every start and by two at once. Returns the roles that are missing.
    """
    from alembic import command  # noqa: PLC0415

    engine = engine_for(database_url, pool_size=1)
    config = _config()
    try:
        with engine.begin() as connection:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            return establish(connection)
    finally:
        engine.dispose()


def revisions(database_url: str) -> tuple[str | None, str | None]:
    """The database's revision and the newest one this release knows."""
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    engine = engine_for(database_url, pool_size=1)
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()
    return current, ScriptDirectory.from_config(_config()).get_current_head()
