"""The store: PostgreSQL behind the shell's port."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
from psycopg import Connection
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from db.at_hand import AtHand, Xid
from db.errors import Impossible, OutcomeUnknown, Transient
from db.gather import Fence, gather, load_settings
from db.queries import statement
from db.save import save
from db.values import Lease, Quarantined, Unsent
from domain.changes import Changes, State
from domain.identity import AccountKey, Id128
from domain.settings import TenantSettings
from domain.wanted import Wanted

FIND_STALLED = statement("find_stalled")
END_STALLED = statement("end_stalled")
LOCK_LEASE = statement("lock_lease")
TAKE_LEASE = statement("take_lease")
RENEW_LEASE = statement("renew_lease")
RELEASE_LEASE = statement("release_lease")
UNSENT = statement("unsent")
ACCOUNTS_DUE = statement("accounts_due")
STALLED_SECONDS = 5.0
"""How long a holder of an expired lease may leave its transaction waiting for it."""

ASK_BRIEFLY = b"SET LOCAL lock_timeout = '1s'"

STEP_UP = b"SET LOCAL ROLE NONE"

FORGET = b"DELETE FROM outbox WHERE id = ANY(%s::bigint[])"


class PostgresTransaction:
    """One money transaction."""

    def __init__(self, connection: Connection[Any], fence: Fence, at_hand: AtHand) -> None:
        self._connection, self._fence, self._at_hand = connection, fence, at_hand
        self._number: Xid = ""
        self._written: Changes | None = None

    def settings(self, tenants: Collection[str]) -> dict[str, TenantSettings]:
        """What some tenants have set, of those that have set anything."""
        return load_settings(self._connection, tenants)

    def gather(self, want: Wanted) -> State:
        """Lock and load; raises LeaseLost."""
        known = self._at_hand.take(want.accounts)
        state, self._number = gather(self._connection, want, self._fence, known)
        return state

    def save(self, changes: Changes, quarantined: Sequence[Quarantined]) -> None:
        """Write everything."""
        save(self._connection, changes, quarantined)
        self._written = changes

    def committed(self) -> None:
        """What was written stays at hand."""
        if self._written is not None:
            self._at_hand.keep(self._written, self._number)


class PostgresStore:
    """Implements `worker.ports.Store`; raises the errors of `db.errors` only."""

    def __init__(self, engine: Engine, grants_at_hand: int = 0) -> None:
        """The accounts written last stay in memory, up to so many of them and their grants."""
        self.engine = engine
        self._at_hand = AtHand(grants_at_hand)

    @contextmanager
    def transaction(self, lease: Lease | None) -> Iterator[PostgresTransaction]:
        """Commits at the end of the block, and says OutcomeUnknown when the answer is missing."""
        try:
            with self._connection() as connection:
                transaction = PostgresTransaction(connection, lease, self._at_hand)
                yield transaction
        except BaseException:
            self._at_hand.forget()
            raise
        transaction.committed()

    def take_lease(self, name: str, holder: str, seconds: float) -> Lease | None:
        """Take a lease that nobody holds any more."""
        asked = {"name": name, "holder": holder, "seconds": seconds}
        with self._connection() as connection:
            connection.execute(ASK_BRIEFLY)
            stalled = connection.execute(FIND_STALLED, (name,)).fetchall()
            if stalled:
                _end(connection, [pid for (pid,) in stalled])
            connection.execute(LOCK_LEASE, (name,))
            row = connection.execute(TAKE_LEASE, asked).fetchone()
        return Lease(name, row[0]) if row else None

    def renew_lease(self, lease: Lease, seconds: float) -> bool:
        """Hold it for longer; False when it has passed on."""
        with self._connection() as connection:
            renewed = connection.execute(RENEW_LEASE, {**lease._asdict(), "seconds": seconds})
            return renewed.fetchone() is not None

    def release_lease(self, lease: Lease) -> None:
        """Let the next one have it now."""
        with self._connection() as connection:
            connection.execute(RELEASE_LEASE, lease)

    def unsent(self, count: int, held: Collection[int]) -> list[Unsent]:
        """The oldest outbox rows, except those in `held`."""
        with self._connection() as connection:
            cursor = connection.cursor(binary=True)
            rows = cursor.execute(UNSENT, (list(held), count)).fetchall()
        return [Unsent(row[0], tuple(row[1].decode().split("\n"))) for row in rows]

    def forget(self, ids: Sequence[int]) -> None:
        """Drop outbox rows whose events are safe with the broker."""
        with self._connection() as connection:
            connection.execute(FORGET, (list(ids),))

    def accounts_due(self, count: int, notice: timedelta) -> dict[Id128, AccountKey]:
        """Some accounts with credit or holds to end, or grants to tell of `notice` before."""
        asked = {"count": count, "notice": notice, "late_window": TenantSettings().late_window}
        with self._connection() as connection:
            rows = connection.execute(ACCOUNTS_DUE, asked).fetchall()
        return {row[0]: AccountKey(*row[1:]) for row in rows}

    @contextmanager
    def _connection(self) -> Iterator[Connection[Any]]:
        """A pooled connection and one transaction on it; a broken one is never used again."""
        with _transient():
            pooled = self.engine.raw_connection()
        connection: Connection[Any] = pooled.driver_connection  # type: ignore[assignment]
        try:
            with _told_apart():
                yield connection
            with _outcome_unknown():
                connection.commit()
        except BaseException:
            pooled.invalidate()
            raise
        pooled.close()


def _end(connection: Connection[Any], stalled: list[int]) -> None:
    """As the user who logged in, whose sessions they are; a role has none, and may not end them."""
    with connection.transaction(force_rollback=True):
        connection.execute(STEP_UP)
        connection.execute(END_STALLED, (stalled, STALLED_SECONDS))


@contextmanager
def _transient() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, psycopg.Error) as error:
        raise Transient(f"no database connection: {_sentence(error)}") from error


_RACED_FOR = "tenants_pkey"
"""Two writers made the same version of a tenant's settings; tried again, one makes the next."""

_WRONG_ROWS = (
    psycopg.IntegrityError,
    psycopg.DataError,
    psycopg.errors.CardinalityViolation,
    psycopg.errors.RaiseException,
)


@contextmanager
def _told_apart() -> Iterator[None]:
    try:
        yield
    except psycopg.errors.UniqueViolation as error:
        raced = error.diag.constraint_name == _RACED_FOR
        raise (Transient if raced else Impossible)(_sentence(error)) from error
    except _WRONG_ROWS as error:
        raise Impossible(_sentence(error)) from error
    except psycopg.Error as error:
        raise Transient(_sentence(error)) from error


@contextmanager
def _outcome_unknown() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise OutcomeUnknown(f"COMMIT was not answered: {_sentence(error)}") from error


def _sentence(error: Exception) -> str:
    """The first line of a database error: the rest may quote rows, and rows are payloads."""
    return str(error).strip().split("\n")[0]
