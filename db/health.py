"""What `scrip doctor` asks the database."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from domain.settings import TenantSettings

_REUSED = """SELECT count(*) FROM
    (SELECT key FROM receipts GROUP BY key HAVING count(*) > 1) AS reused"""
_OVERDUE = """SELECT coalesce(max(extract(epoch FROM
        clock_timestamp() - expires_at - coalesce(late_window, :late_window))), 0)::double precision
    FROM grants JOIN accounts USING (account_id)
    LEFT JOIN LATERAL (
        SELECT make_interval(secs => (settings ->> 'late_window')::integer) AS late_window
        FROM tenants WHERE tenants.tenant = accounts.tenant ORDER BY version DESC LIMIT 1
    ) AS chosen ON true
    WHERE is_open AND expires_at <= clock_timestamp() AND remaining > held"""
_COUNTING_MAX = "10s"


class Server(NamedTuple):
    """The database server and how safe its settings are."""

    version: int
    """Such as 180006 for 18.6."""
    fsync: bool
    full_page_writes: bool
    synchronous_commit: str
    has_standbys: bool
    """Whether commits are meant to wait for other servers."""
    now: datetime

    @property
    def unsafe(self) -> list[str]:
        """Settings that are off, so that a crash of this server can undo what was committed.

        `synchronous_commit` as `local` is not among them: the server itself keeps every commit,
        and a standby that takes over without it is behind, as every asynchronous one may be.
        """
        off = {
            "fsync": not self.fsync,
            "full_page_writes": not self.full_page_writes,
            "synchronous_commit": self.synchronous_commit == "off",
        }
        return [name for name, is_off in off.items() if is_off]


class LeaseHeld(NamedTuple):
    """Who has a lease, or had it last."""

    holder: str
    expires_at: datetime
    seconds_left: float
    """Negative when it has run out."""


class Waiting(NamedTuple):
    """A queue: its length, and the seconds that its oldest row has waited."""

    rows: int
    oldest: float


def server(connection: Connection) -> Server:
    """The server's version, settings and clock."""
    row = connection.execute(
        text(
            """SELECT current_setting('server_version_num')::integer,
                      current_setting('fsync')::boolean,
                      current_setting('full_page_writes')::boolean,
                      current_setting('synchronous_commit'),
                      current_setting('synchronous_standby_names') <> '', clock_timestamp()"""
        )
    ).one()
    return Server(*row)


def leases(connection: Connection) -> dict[str, LeaseHeld]:
    """Every lease that was ever taken, by name."""
    rows = connection.execute(
        text(
            """SELECT name, holder, expires_at,
                      extract(epoch FROM expires_at - clock_timestamp())::double precision
               FROM leases"""
        )
    )
    return {row[0]: LeaseHeld(*row[1:]) for row in rows}


def outbox(connection: Connection) -> Waiting:
    """Batches whose events have not been confirmed by the broker."""
    row = connection.execute(
        text(
            """SELECT count(*), coalesce(extract(epoch FROM
                      clock_timestamp() - min(committed_at)), 0)::double precision FROM outbox"""
        )
    ).one()
    return Waiting(*row)


def quarantine_held(connection: Connection) -> int:
    """How many messages are set aside."""
    held = text("SELECT count(*) FROM quarantine WHERE state = 'held'")
    return int(connection.execute(held).scalar_one())


def expiry_overdue(connection: Connection) -> float:
    """How many seconds ago the oldest row of the expiry run should have been written."""
    default = {"late_window": TenantSettings().late_window}
    return float(connection.execute(text(_OVERDUE), default).scalar_one())


def ids_reused(connection: Connection) -> int | None:
    """How many message ids are in use on several accounts (R20); None when counting takes long."""
    try:
        with connection.begin_nested():
            connection.execute(text(f"SET LOCAL statement_timeout = '{_COUNTING_MAX}'"))
            return int(connection.execute(text(_REUSED)).scalar_one())
    except OperationalError:
        return None
