"""How a history is stored: by COPY, in the columns and the form that scrip's writer gives them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection

from db import rows, save_kept
from db.rows import Row
from db.sets import copy
from domain.account import Account
from domain.bill import Invoice
from domain.changes import Changes
from domain.credit import Grant
from domain.decision import Instants
from domain.fields import rfc3339
from domain.identity import Id128, bucket
from domain.kept import Kept
from domain.ledger import Entry, Receipt

_ACCOUNT_COLUMNS = (
    "account_id, bucket, tenant, customer, currency, balance, seq, event_seq, head, decided_at"
)


@dataclass(slots=True)
class Unwritten:
    """What is to be stored, until it is; and the instants of what comes next."""

    at: Instants
    entries: list[Entry] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    invoices: list[tuple[Id128, Invoice]] = field(default_factory=list)
    grants: list[tuple[Id128, Grant]] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    kept: dict[tuple[type, Id128, str | int], Kept] = field(default_factory=dict)


def store(connection: Connection[Any], written: Unwritten) -> None:
    """Write all of it and commit."""
    copy(connection, "entries", rows.ENTRY_COLUMNS, map(rows.entry_row, written.entries))
    copy(connection, "receipts", rows.RECEIPT_COLUMNS, map(rows.receipt_row, written.receipts))
    invoices = (rows.invoice_row(*invoice) for invoice in written.invoices)
    copy(connection, "invoices", rows.INVOICE_COLUMNS, invoices)
    grants = (rows.grant_row(*grant) for grant in written.grants)
    copy(connection, "grants", rows.GRANT_COLUMNS, grants)
    copy(connection, "accounts", _ACCOUNT_COLUMNS, map(_account_row, written.accounts))
    with connection.pipeline():
        save_kept.update(connection, Changes(written.at.now, kept=written.kept))
    connection.commit()


def _account_row(account: Account) -> Row:
    assert account.decided_at is not None, "it has entries"
    return (
        account.id,
        bucket(account.id),
        *account.key,
        account.balance,
        account.seq,
        account.event_seq,
        "\\x" + account.head.hex(),
        rfc3339(account.decided_at),
    )
