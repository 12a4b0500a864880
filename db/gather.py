"""Gather: lock a batch's accounts, then read all that it can touch, as sets.

The statements travel together (libpq's pipeline mode), so a batch waits for one answer, and for
another only where the rows that came name others.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from psycopg import Connection

from db.errors import LeaseLost
from db.literals import plain_array, text_array
from db.loads import Asked, add_grants, ask, by_two, send
from db.queries import statement
from db.rows import Row, account_of, receipt_of, settings_of
from domain.changes import State
from domain.identity import Id128, bucket, message_key
from domain.settings import TenantSettings
from domain.wanted import Wanted, behind, expect

HOLD_LEASE = statement("hold_lease")
LOCK_ACCOUNTS = statement("lock_accounts")
LOAD_ACCOUNTS = statement("load_accounts")
LOAD_OPEN_GRANTS = statement("load_open_grants")
LOAD_RECEIPTS = statement("load_receipts")
LOAD_SETTINGS = statement("load_settings")
READ_CLOCK = b"SELECT clock_timestamp()"

Fence = tuple[str, int] | None


def gather(connection: Connection[Any], want: Wanted, fence: Fence) -> State:
    """The state that a batch is decided on, read under its accounts' locks (R3).

    Raises LeaseLost when the fence is no longer ours.
    """
    ids = sorted(want.accounts)
    with connection.pipeline() as pipeline:
        held = send(connection, HOLD_LEASE, *fence) if fence else None
        _lock(connection, ids, want)
        clock = send(connection, READ_CLOCK)
        accounts = send(connection, LOAD_ACCOUNTS, plain_array(ids))
        open_grants = Asked(send(connection, LOAD_OPEN_GRANTS, plain_array(ids)), add_grants)
        asked = [open_grants, *ask(connection, want)]
        keys = {(key.account_id, message_key(key.source, key.id)) for key in want.receipts}
        receipts = send(connection, LOAD_RECEIPTS, *by_two(keys))
        tenants = sorted({key.tenant for key in want.accounts.values()})
        settings = _ask_settings(connection, tenants)
        pipeline.sync()
        if held is not None and held.fetchone() is None:
            raise LeaseLost("another reader holds the lease")
        state = State(_now(clock), {row[0]: account_of(row) for row in accounts})
        state.receipts = dict(map(receipt_of, receipts))
        state.settings = _settings(settings)
        _add(state, asked)
        for wanted in (want, Wanted()):
            asked = ask(connection, behind(state, wanted))
            if not asked:
                break
            pipeline.sync()
            _add(state, asked)
    expect(state, want)
    return state


def load_settings(
    connection: Connection[Any], tenants: Collection[str]
) -> dict[str, TenantSettings]:
    """The newest settings of each tenant that has any."""
    return _settings(_ask_settings(connection, sorted(tenants)))


def _ask_settings(connection: Connection[Any], tenants: Iterable[str]) -> Iterable[Row]:
    rows: Iterable[Row] = send(connection, LOAD_SETTINGS, text_array(tenants))
    return rows


def _settings(rows: Iterable[Row]) -> dict[str, TenantSettings]:
    return {tenant: settings_of(version, said) for tenant, version, said in rows}


def _lock(connection: Connection[Any], ids: list[Id128], want: Wanted) -> None:
    keys = [want.accounts[account_id] for account_id in ids]
    send(
        connection,
        LOCK_ACCOUNTS,
        plain_array(ids),
        plain_array(map(bucket, ids)),
        text_array(key.tenant for key in keys),
        text_array(key.customer for key in keys),
        text_array(key.currency for key in keys),
    )


def _now(clock: Any) -> datetime:
    now: datetime = clock.fetchone()[0]
    return now


def _add(state: State, asked: Iterable[Asked]) -> None:
    for rows, add in asked:
        add(state.accounts, rows)
