"""The doctor's look at the database."""

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from db import health
from db.migrate import revisions
from worker import wiring
from worker.cli.doctor_roles import roles_check
from worker.cli.findings import Finding, error, ok, seconds, warning
from worker.cli.installation import database
from worker.cli.output import count
from worker.settings import Settings

OLDEST = 150_000
UNSENT_MAX = 10.0
"""Seconds after which an unsent event says that no relay is at work."""

CLOCKS_APART_MAX = 2.0
EXPIRY_RUNS_MISSED_MAX = 5

_ROLES = {
    wiring.READER_LEASE: ("reader", "reads the intake", "scrip worker"),
    wiring.RELAY_LEASE: ("relay", "publishes events", "scrip relay"),
}


def database_checks(settings: Settings) -> Iterator[Finding]:
    """Whether it answers, is safe and current, and what waits in it."""
    try:
        with database(settings) as engine, engine.connect() as connection:
            server = health.server(connection)
            apart = abs((datetime.now(UTC) - server.now).total_seconds())
            yield from _server(server)
            yield _clocks(apart)
            current = _schema(settings)
            yield current
            if current.level == "ok":
                yield roles_check(connection)
                yield from _contents(connection)
                yield _expiry(connection, settings)
    except DBAPIError as failure:
        words = f"cannot be reached: {str(failure.orig).strip().splitlines()[0]}"
        yield error("database", words, "start PostgreSQL, or set DATABASE_URL to where it is")


def _server(server: health.Server) -> Iterator[Finding]:
    name = f"PostgreSQL {server.version // 10_000}.{server.version % 10_000}"
    if server.version < OLDEST:
        yield error("database", f"{name} is too old", "use PostgreSQL 15 or newer")
    else:
        yield ok("database", f"{name} answers")
    if server.unsafe:
        names = " and ".join(server.unsafe)
        words = f"{names} off: a crash of the machine can ruin the ledger or undo commits"
        advice = f"turn {names} on, for the server, the database and the user"
        yield error("durability", words, advice)
    elif server.has_standbys and server.synchronous_commit == "local":
        words = "synchronous_commit is local: a standby that takes over may lack commits"
        yield warning("durability", words, "set synchronous_commit to on")
    else:
        yield ok("durability", "what is committed survives a crash")


def _clocks(apart: float) -> Finding:
    if apart > CLOCKS_APART_MAX:
        words = f"this machine and the database are {seconds(apart)} apart"
        advice = "run a time service on both; amounts go by the database's clock alone"
        return warning("clocks", words, advice)
    return ok("clocks", f"this machine and the database are {apart:.2f} s apart")


def _schema(settings: Settings) -> Finding:
    current, newest = revisions(settings.database_url.get_secret_value())
    if current is None:
        return error("schema", "the database has no schema yet", "run `scrip migrate`")
    if current != newest:
        words = f"the database has revision {current}, this release needs {newest}"
        return error("schema", words, "run `scrip migrate`, or the release that fits")
    return ok("schema", f"revision {current}")


def _contents(connection: Connection) -> Iterator[Finding]:
    held = health.leases(connection)
    for name, (role, does, command) in _ROLES.items():
        yield _lease(role, does, command, held.get(name))
    unsent = health.outbox(connection)
    words = f"{count(unsent.rows, 'batch', 'batches')} of events unsent"
    if unsent.oldest > UNSENT_MAX:
        words += f", the oldest for {seconds(unsent.oldest)}"
        yield warning("outbox", words, "see whether a relay runs, and its log")
    else:
        yield ok("outbox", words)
    aside = health.quarantine_held(connection)
    if aside:
        words = f"{count(aside, 'message')} in quarantine"
        yield warning("quarantine", words, "`scrip quarantine list` says why")
    else:
        yield ok("quarantine", "empty")
    yield _reused(health.ids_reused(connection))


def _lease(role: str, does: str, command: str, held: health.LeaseHeld | None) -> Finding:
    start = f"start `{command}`"
    if held is None:
        return error(role, f"nobody {does}, and nobody ever has", start)
    if held.seconds_left <= 0:
        since = f"{held.holder} was the last, {seconds(-held.seconds_left)} ago"
        return error(role, f"nobody {does}; {since}", start)
    return ok(role, f"{held.holder} {does}, its lease runs until {held.expires_at:%H:%M:%S} UTC")


def _expiry(connection: Connection, settings: Settings) -> Finding:
    overdue = health.expiry_overdue(connection)
    if overdue > EXPIRY_RUNS_MISSED_MAX * settings.expiry_seconds:
        words = f"the rows of expired credit are {seconds(overdue)} late, though none can be spent"
        return warning("expiry", words, "see whether `scrip beat` and a worker run, and their logs")
    return ok("expiry", "no row is late")


def _reused(number: int | None) -> Finding:
    if number is None:
        return ok("ids", "not counted, because that takes longer than 10 s")
    if number:
        words = f"{count(number, 'message id')} in use on several accounts"
        advice = "they count as different messages; make sure that the sender means it"
        return warning("ids", words, advice)
    return ok("ids", "no message id is in use on several accounts")
