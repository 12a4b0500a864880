"""What has to be true of the database before a process starts on it."""

from sqlalchemy import Connection, Engine

from db import health, roles
from db.migrate import revisions
from worker import wiring_books
from worker.log import log
from worker.settings import Settings, SettingsError


def check_schema(settings: Settings) -> None:
    """Refuse a schema of another release; raises SettingsError."""
    current, newest = revisions(settings.database_url.get_secret_value())
    if current != newest:
        has = f"has revision {current}" if current else "is empty"
        raise SettingsError(
            f"the database {has}, and this release needs {newest}: run `scrip migrate` first"
        )


def check_database(settings: Settings, role: str) -> None:
    """Refuse a database that could lose what it commits, or that forbids the role's work.

    Raises SettingsError. A session that could change the ledger is no reason to stand still (I10
    has its trigger too), so that is said in the log.
    """
    check_schema(settings)
    engine = wiring_books.store(settings, role).engine
    try:
        with engine.connect() as connection:
            if not settings.allow_unsafe_database:
                _check_durability(engine, connection)
            _check_rights(connection, role)
    finally:
        engine.dispose()


def _check_durability(engine: Engine, connection: Connection) -> None:
    unsafe = health.server(connection).unsafe
    if unsafe:
        said = " and ".join(f"{name}=off" for name in unsafe)
        raise SettingsError(
            f"PostgreSQL at {engine.url.host} runs with {said}, so a crash can undo what was "
            f"confirmed: set {' and '.join(unsafe)} to on, for the server, the database and the "
            f"user (or SCRIP_ALLOW_UNSAFE_DATABASE=1, where that harms nobody)"
        )


def _check_rights(connection: Connection, role: str) -> None:
    session = roles.standing(connection)
    lacking = roles.lacking(connection, role)
    if lacking:
        raise SettingsError(
            f"the database's user {session.user} may not do everything with {', '.join(lacking)} "
            f"that is needed here: run `scrip migrate`, and as an administrator "
            f"GRANT {role} TO {session.user}"
        )
    if session.may_change_ledger:
        log.warning("may change the ledger", user=session.user, advice=f"GRANT {role}, see doctor")
