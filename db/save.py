"""Apply: write everything that a batch has changed, as sets, in account_id order."""

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import Connection

from db import rows
from db.queries import statement
from db.rows import Row
from db.values import Quarantined
from domain.changes import Changes
from domain.identity import message_key

SAVE_ACCOUNTS = statement("save_accounts")
SAVE_GRANTS = statement("save_grants")
SAVE_INVOICES = statement("save_invoices")
SAVE_SEEN_AGAIN = statement("save_seen_again")
SET_ASIDE = statement("set_aside")
ADD_TO_OUTBOX = b"INSERT INTO outbox (events) VALUES (%s)"


def save(connection: Connection[Any], changes: Changes, aside: Sequence[Quarantined]) -> None:
    """Write a batch on a connection that holds its accounts' locks; the caller commits."""
    _copy(connection, "entries", rows.ENTRY_COLUMNS, map(rows.entry_row, changes.entries))
    receipts = map(rows.receipt_row, changes.receipts.values())
    _copy(connection, "receipts", rows.RECEIPT_COLUMNS, receipts)
    invoices = (rows.invoice_row(key[0], i) for key, i in changes.new_invoices.items())
    _copy(connection, "invoices", rows.INVOICE_COLUMNS, invoices)
    grants = (rows.grant_row(key[0], grant) for key, grant in changes.new_grants.items())
    _copy(connection, "grants", rows.GRANT_COLUMNS, grants)
    with connection.pipeline():
        _update(connection, changes)
        if aside:
            columns = _transposed([_aside_row(row) for row in aside])
            connection.execute(SET_ASIDE, columns, prepare=True)
        if changes.events:
            text = "\n".join(changes.events).encode()
            connection.execute(ADD_TO_OUTBOX, (text,), prepare=True, binary=True)


def _update(connection: Connection[Any], changes: Changes) -> None:
    accounts = [
        (a.id, a.balance, a.seq, a.event_seq, a.head, a.decided_at)
        for a in changes.accounts.values()
    ]
    grants = [
        (key[0], g.grant, g.remaining, g.used, g.expired, g.voided, g.moved, g.held, g.is_void)
        for key, g in changes.grants.items()
    ]
    invoices = [rows.invoice_row(key[0], invoice) for key, invoice in changes.invoices.items()]
    again = [
        (key.account_id, message_key(key.source, key.id), receipt.repeats, receipt.conflicts)
        for key, receipt in changes.seen_again.items()
    ]
    for sql, updated in (
        (SAVE_ACCOUNTS, accounts),
        (SAVE_GRANTS, grants),
        (SAVE_INVOICES, invoices),
        (SAVE_SEEN_AGAIN, again),
    ):
        if updated:
            connection.execute(sql, _transposed(updated), prepare=True)


def _transposed(table: Sequence[Row]) -> list[list[Any]]:
    return [list(column) for column in zip(*table, strict=True)]


def _copy(connection: Connection[Any], table: str, columns: str, written: Iterable[Row]) -> None:
    """COPY, in key order for the index's sake; a table without new rows costs nothing."""
    ordered = sorted(written, key=lambda row: row[:2])
    if not ordered:
        return
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({columns}) FROM STDIN".encode()) as copy,
    ):
        for row in ordered:
            copy.write_row(row)


def _aside_row(row: Quarantined) -> Row:
    return bytes.fromhex(row.digest), row.raw, row.reason, row.message_id
