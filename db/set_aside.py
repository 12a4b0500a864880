"""The quarantine as people work on it: look, send back to the intake, give up (R21)."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select, update

from db.tables_shared import quarantine


class State(StrEnum):
    """Where a message that was set aside stands."""

    HELD = "held"
    REDRIVEN = "redriven"
    DISCARDED = "discarded"


class SetAside(NamedTuple):
    """A row of the quarantine without its bytes."""

    digest: str
    """SHA-256 of the bytes, in hex."""
    message_id: str | None
    reason: str
    state: State
    since: datetime
    size: int
    handled_at: datetime | None
    """When somebody last sent it back or gave it up; it may have come again since."""
    handled_by: str | None
    note: str | None


class Sent(NamedTuple):
    """A message as it came: its bytes, and its signature if it had one."""

    raw: bytes
    signature: str | None


class Handling(NamedTuple):
    """Who does something about a message that was set aside, and what they say of it."""

    by: str
    note: str | None


_ROW = (
    quarantine.c.digest,
    quarantine.c.message_id,
    quarantine.c.reason,
    quarantine.c.state,
    quarantine.c.since,
    func.octet_length(quarantine.c.raw),
    quarantine.c.handled_at,
    quarantine.c.handled_by,
    quarantine.c.note,
)
_OLDEST_FIRST = (quarantine.c.since, quarantine.c.digest)


def in_state(
    connection: Connection, state: State, reason: str | None = None, limit: int | None = None
) -> list[SetAside]:
    """Rows in a state, the oldest first; those whose reason contains `reason`, if it is given."""
    wanted = _about(select(*_ROW), state, reason).order_by(*_OLDEST_FIRST)
    return list(_rows(connection, wanted.limit(limit)))


def number_in_state(connection: Connection, state: State, reason: str | None = None) -> int:
    """How many rows `in_state` has without a limit."""
    wanted = _about(select(func.count()).select_from(quarantine), state, reason)
    number: int = connection.execute(wanted).scalar_one()
    return number


def digests_held(connection: Connection, reason: str | None) -> list[bytes]:
    """What is held, the oldest first."""
    wanted = _about(select(quarantine.c.digest), State.HELD, reason).order_by(*_OLDEST_FIRST)
    return list(connection.execute(wanted).scalars())


def called(connection: Connection, name: str) -> list[SetAside]:
    """The rows with this message id."""
    wanted = select(*_ROW).where(quarantine.c.message_id == name).order_by(*_OLDEST_FIRST)
    return list(_rows(connection, wanted))


def beginning_with(connection: Connection, prefix: str) -> list[SetAside]:
    """The rows whose digest begins with these hex digits."""
    first = bytes.fromhex(prefix.ljust(64, "0"))
    last = bytes.fromhex(prefix.ljust(64, "f"))
    wanted = select(*_ROW).where(quarantine.c.digest.between(first, last))
    return list(_rows(connection, wanted.order_by(*_OLDEST_FIRST)))


def raw_of(connection: Connection, digest: str) -> bytes:
    """The bytes as they came."""
    wanted = select(quarantine.c.raw).where(quarantine.c.digest == bytes.fromhex(digest))
    raw: bytes = connection.execute(wanted).scalar_one()
    return raw


def lock_sent(connection: Connection, digests: Collection[bytes]) -> dict[bytes, Sent]:
    """Some rows as they were sent, locked in the order in which the writer locks them."""
    columns = (quarantine.c.digest, quarantine.c.raw, quarantine.c.signature)
    wanted = select(*columns).where(quarantine.c.digest.in_(digests))
    locked = wanted.order_by(quarantine.c.digest).with_for_update()
    return {row[0]: Sent(row[1], row[2]) for row in connection.execute(locked)}


def settle(
    connection: Connection, digests: Sequence[bytes], state: State, handling: Handling
) -> int:
    """Write down what became of some rows; returns how many there are."""
    done = (
        update(quarantine)
        .where(quarantine.c.digest.in_(digests))
        .values(
            state=state,
            handled_at=func.clock_timestamp(),
            handled_by=handling.by,
            note=handling.note,
        )
    )
    return connection.execute(done).rowcount


def _about(wanted: Select[Any], state: State, reason: str | None) -> Select[Any]:
    wanted = wanted.where(quarantine.c.state == state)
    if reason is not None:
        wanted = wanted.where(quarantine.c.reason.contains(reason, autoescape=True))
    return wanted


def _rows(connection: Connection, wanted: Select[Any]) -> Iterator[SetAside]:
    for digest, name, reason, state, *rest in connection.execute(wanted):
        yield SetAside(digest.hex(), name, reason, State(state), *rest)
