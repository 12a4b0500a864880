"""Gather: lock a batch's accounts, then read all that it can touch, as sets.

The statements travel together (libpq's pipeline mode), so a batch waits for one answer, and for
another only where the rows that came name others.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from psycopg import Connection

from db.at_hand import Known, Xid
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
READ_CLOCK = b"SELECT clock_timestamp(), pg_current_xact_id()::xid::text"

Fence = tuple[str, int] | None


def gather(
    connection: Connection[Any], want: Wanted, fence: Fence, known: Mapping[Id128, Known]
) -> tuple[State, Xid]:
    """The state that a batch is decided on, read under its accounts' locks (R3), and by whom.

    Of accounts that are known and that nobody has written since, only what is named is read.
    Raises LeaseLost when the fence is no longer ours.
    """
    ids = sorted(want.accounts)
    with connection.pipeline() as pipeline:
        held = send(connection, HOLD_LEASE, *fence) if fence else None
        _lock(connection, ids, want)
        clock = send(connection, READ_CLOCK)
        written_by = (known[one].written_by if one in known else None for one in ids)
        accounts = send(connection, LOAD_ACCOUNTS, plain_array(ids), plain_array(written_by))
        asked = _ask_open_grants(connection, [one for one in ids if one not in known])
        asked += ask(connection, want)
        keys = {(key.account_id, message_key(key.source, key.id)) for key in want.receipts}
        receipts = send(connection, LOAD_RECEIPTS, *by_two(keys))
        tenants = sorted({key.tenant for key in want.accounts.values()})
        settings = _ask_settings(connection, tenants)
        pipeline.sync()
        if held is not None and held.fetchone() is None:
            raise LeaseLost("another reader holds the lease")
        now, number = clock.fetchone()
        loaded = {row[0]: account_of(row) for row in accounts}
        state = State(now, {one: known[one].account for one in known} | loaded)
        state.receipts = dict(map(receipt_of, receipts))
        state.settings = _settings(settings)
        outdated = sorted(loaded.keys() & known.keys())
        if outdated:
            asked += _ask_open_grants(connection, outdated)
            pipeline.sync()
        _add(state, asked)
        for wanted in (want, Wanted()):
            asked = ask(connection, behind(state, wanted))
            if not asked:
                break
            pipeline.sync()
            _add(state, asked)
    expect(state, want)
    return state, number


def _ask_open_grants(connection: Connection[Any], ids: Sequence[Id128]) -> list[Asked]:
    if not ids:
        return []
    return [Asked(send(connection, LOAD_OPEN_GRANTS, plain_array(ids)), add_grants)]


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


def _add(state: State, asked: Iterable[Asked]) -> None:
    for rows, add in asked:
        add(state.accounts, rows)
