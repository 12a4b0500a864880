"""Apply: write everything that a batch has changed, as sets, in account_id order."""

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import Connection

from db import rows, save_kept
from db.literals import plain_array, text_array
from db.queries import statement
from db.rows import Row
from db.sets import copy, execute
from db.values import Quarantined
from domain.changes import Changes
from domain.fields import rfc3339
from domain.identity import message_key

SAVE_ACCOUNTS = statement("save_accounts")
SAVE_GRANTS = statement("save_grants")
SAVE_INVOICES = statement("save_invoices")
SAVE_SEEN_AGAIN = statement("save_seen_again")
SET_ASIDE = statement("set_aside")
ADD_TO_OUTBOX = b"INSERT INTO outbox (events) VALUES (%s)"


def save(connection: Connection[Any], changes: Changes, aside: Sequence[Quarantined]) -> None:
    """Write a batch on a connection that holds its accounts' locks; the caller commits."""
    copy(connection, "entries", rows.ENTRY_COLUMNS, map(rows.entry_row, changes.entries))
    receipts = map(rows.receipt_row, changes.receipts.values())
    copy(connection, "receipts", rows.RECEIPT_COLUMNS, receipts)
    invoices = (rows.invoice_row(key[0], i) for key, i in changes.new_invoices.items())
    copy(connection, "invoices", rows.INVOICE_COLUMNS, invoices)
    grants = (rows.grant_row(key[0], grant) for key, grant in changes.new_grants.items())
    copy(connection, "grants", rows.GRANT_COLUMNS, grants)
    save_kept.add(connection, changes)
    with connection.pipeline():
        _update_accounts(connection, changes)
        _update_grants(connection, changes)
        _update_invoices(connection, changes)
        _count_again(connection, changes)
        save_kept.update(connection, changes)
        if aside:
            columns = list(zip(*_aside_rows(aside), strict=True))
            connection.execute(SET_ASIDE, [list(column) for column in columns], prepare=True)
        if changes.events:
            text = "\n".join(changes.events).encode()
            connection.execute(ADD_TO_OUTBOX, (text,), prepare=True, binary=True)


def _update_accounts(connection: Connection[Any], changes: Changes) -> None:
    updated = [
        (a.id, a.balance, a.seq, a.event_seq, a.head.hex(), rfc3339(a.decided_at), a.has_enough)
        for a in changes.accounts.values()
        if a.decided_at is not None
    ]
    execute(connection, SAVE_ACCOUNTS, updated, (plain_array,) * 7)


def _update_grants(connection: Connection[Any], changes: Changes) -> None:
    updated = [
        (key[0], g.grant, g.remaining, g.used, g.expired, g.voided, g.moved, g.held, g.is_void)
        for key, g in changes.grants.items()
    ]
    execute(connection, SAVE_GRANTS, updated, (plain_array, text_array, *(plain_array,) * 7))


def _update_invoices(connection: Connection[Any], changes: Changes) -> None:
    updated = [rows.invoice_row(key[0], invoice) for key, invoice in changes.invoices.items()]
    texts = (text_array,) * 3  # lines, uses and entries, as literals of their own
    arrays = (plain_array, text_array, *(plain_array,) * 5, *texts, *(plain_array,) * 3)
    execute(connection, SAVE_INVOICES, updated, arrays)


def _count_again(connection: Connection[Any], changes: Changes) -> None:
    updated = [
        (key.account_id, message_key(key.source, key.id), receipt.repeats, receipt.conflicts)
        for key, receipt in changes.seen_again.items()
    ]
    execute(connection, SAVE_SEEN_AGAIN, updated, (plain_array,) * 4)


def _aside_rows(aside: Iterable[Quarantined]) -> list[Row]:
    """In key order against deadlocks, and once each: the same bytes may come twice in a batch."""
    rows = {row.digest: (row.raw, row.reason, row.message_id, row.signature) for row in aside}
    return [(bytes.fromhex(digest), *row) for digest, row in sorted(rows.items())]
