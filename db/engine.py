"""The engine: how scrip speaks to PostgreSQL."""

from functools import partial
from typing import Any

from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url

_SESSION = {
    # A reader that was stopped in mid-transaction must not hold its locks for ever.
    "idle_in_transaction_session_timeout": "5s",
    "lock_timeout": "15s",
    # The locks of a client whose machine is gone are freed in a minute, not in two hours.
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "statement_timeout": "300s",
    "TimeZone": "UTC",
    "default_transaction_isolation": "read\\ committed",
}


_BY_INDEX = {
    # All that the money's way asks for has a key. Before a young table's first ANALYZE the planner
    # would rather read all of it, and keep that plan while the table grows.
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "plan_cache_mode": "force_generic_plan",
    # Before PostgreSQL 18 what is off has a cost so high that it would be compiled each time.
    "jit": "off",
}

_STEP_DOWN = """SELECT set_config('role', rolname, false) FROM pg_roles
    WHERE rolname = %s AND pg_has_role(session_user, oid,
        CASE WHEN current_setting('server_version_num')::integer < 160000
             THEN 'MEMBER' ELSE 'SET' END)"""


def engine_for(
    database_url: str, pool_size: int = 4, role: str | None = None, *, by_index: bool = False
) -> Engine:
    """An engine on psycopg; `postgres://` and `postgresql://` URLs are both understood.

    Its sessions step down to `role`, so that the owner's own password cannot change the ledger
    (I10). Where the role is missing, or the user is no member, they stay what they are.
    With `by_index` they look nothing up but by an index, for those who write.
    """
    url = make_url(database_url.replace("postgres://", "postgresql://", 1))
    session = _SESSION | _BY_INDEX if by_index else _SESSION
    options = " ".join(f"-c {name}={value}" for name, value in session.items())
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={"options": options, "application_name": "scrip", "connect_timeout": 5},
        pool_size=pool_size,
        pool_pre_ping=False,
        hide_parameters=True,  # parameters are payloads, and payloads never reach a log
    )
    event.listen(engine, "connect", _ids_as_text)
    if role is not None:
        event.listen(engine, "connect", partial(_step_down, role))
    return engine


class _HexLoader(Loader):
    """uuid columns hold 128 bits of a hash, which the rules know as 32 hex digits."""

    format = Format.BINARY

    def load(self, data: Buffer) -> str:
        return bytes(data).hex()


class _HexTextLoader(Loader):
    def load(self, data: Buffer) -> str:
        return bytes(data).decode().replace("-", "")


def _ids_as_text(connection: Any, _record: Any) -> None:
    connection.adapters.register_loader("uuid", _HexLoader)
    connection.adapters.register_loader("uuid", _HexTextLoader)


def _step_down(role: str, connection: Any, _record: Any) -> None:
    """Once a connection, and outside a transaction: a rollback would take it back."""
    connection.autocommit = True
    connection.execute(_STEP_DOWN, (role,))
    connection.autocommit = False
