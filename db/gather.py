"""Gather: lock a batch's accounts, then read all that it can touch, as sets.

The statements travel together (libpq's pipeline mode), so a batch waits for two round trips.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from psycopg import Connection

from db.errors import LeaseLost
from db.literals import plain_array, text_array
from db.queries import statement
from db.rows import Row, account_of, grant_of, invoice_of, receipt_of, settings_of
from domain.account import Account
from domain.changes import State
from domain.identity import Id128, bucket, message_key
from domain.wanted import Wanted

HOLD_LEASE = statement("hold_lease")
LOCK_ACCOUNTS = statement("lock_accounts")
LOAD_ACCOUNTS = statement("load_accounts")
LOAD_OPEN_GRANTS = statement("load_open_grants")
LOAD_NAMED_GRANTS = statement("load_named_grants")
LOAD_EXTERNAL_GRANTS = statement("load_external_grants")
LOAD_INVOICES = statement("load_invoices")
LOAD_RECEIPTS = statement("load_receipts")
LOAD_SETTINGS = statement("load_settings")
READ_CLOCK = b"SELECT clock_timestamp()"

Fence = tuple[str, int] | None


class _Sent:
    """Statements sent ahead in a pipeline, each with its answer to come."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection

    def ask(self, sql: bytes, *parameters: Any) -> Any:
        """Send a statement; its rows can be fetched once the pipeline is synced."""
        cursor = self._connection.cursor(binary=True)
        return cursor.execute(sql, parameters, prepare=True)


def gather(connection: Connection[Any], want: Wanted, fence: Fence) -> State:
    """The state that a batch is decided on, read under its accounts' locks (R3).

    Raises LeaseLost when the fence is no longer ours.
    """
    ids = sorted(want.accounts)
    with connection.pipeline() as pipeline:
        sent = _Sent(connection)
        held = sent.ask(HOLD_LEASE, *fence) if fence else None
        _lock(sent, ids, want)
        clock = sent.ask(READ_CLOCK)
        accounts = sent.ask(LOAD_ACCOUNTS, plain_array(ids))
        grants = [sent.ask(LOAD_OPEN_GRANTS, plain_array(ids))]
        if want.grants:
            grants.append(sent.ask(LOAD_NAMED_GRANTS, *_columns(want.grants)))
        if want.external_ids:
            grants.append(sent.ask(LOAD_EXTERNAL_GRANTS, *_columns(want.external_ids)))
        invoices = sent.ask(LOAD_INVOICES, *_columns(want.invoices))
        keys = {(key.account_id, message_key(key.source, key.id)) for key in want.receipts}
        receipts = sent.ask(LOAD_RECEIPTS, *_columns(keys))
        tenants = sorted({key.tenant for key in want.accounts.values()})
        settings = sent.ask(LOAD_SETTINGS, text_array(tenants))
        pipeline.sync()
        if held is not None and held.fetchone() is None:
            raise LeaseLost("another reader holds the lease")
        state = State(_now(clock), {row[0]: account_of(row) for row in accounts})
        state.receipts = dict(map(receipt_of, receipts))
        state.settings = {row[0]: settings_of(row[1], row[2]) for row in settings}
        for rows in grants:
            _add_grants(state.accounts, rows)
        for account_id, *row in invoices:
            state.accounts[account_id].invoices[row[0]] = invoice_of(tuple(row))
    _load_used(connection, state.accounts)
    return state


def _lock(sent: _Sent, ids: list[Id128], want: Wanted) -> None:
    keys = [want.accounts[account_id] for account_id in ids]
    sent.ask(
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


def _columns(pairs: Iterable[tuple[Id128, str]]) -> tuple[str, str]:
    rows = sorted(pairs)
    return plain_array(row[0] for row in rows), text_array(row[1] for row in rows)


def _add_grants(accounts: dict[Id128, Account], rows: Iterable[Row]) -> None:
    for account_id, *row in rows:
        grants = accounts[account_id].grants
        if row[0] not in grants:
            grants[row[0]] = grant_of(tuple(row))


def _load_used(connection: Connection[Any], accounts: dict[Id128, Account]) -> None:
    """The grants that standing uses came from: what a void gives back to (R13)."""
    missing: defaultdict[Id128, set[str]] = defaultdict(set)
    for account in accounts.values():
        for invoice in account.invoices.values():
            missing[account.id].update(use.grant for use in invoice.uses)
    pairs = {
        (account_id, grant)
        for account_id, grants in missing.items()
        for grant in grants - accounts[account_id].grants.keys()
    }
    if pairs:
        sent = _Sent(connection)
        _add_grants(accounts, sent.ask(LOAD_NAMED_GRANTS, *_columns(pairs)))
