"""All that is stored of one account beside its ledger, for people; takes no lock."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from db.books import READ
from db.books_kept import KEPT
from domain.books import Books

_PARTS = ("grants", "invoices", "amendments", *KEPT)


def with_parts(connection: Connection, account: Books) -> Books:
    """The same account with its grants, its invoices and what it keeps; no entries or receipts."""
    parts: dict[str, Any] = {}
    for name in _PARTS:
        wanted, of = READ[name]
        column = next(iter(wanted.selected_columns))
        rows = connection.execute(wanted.where(column == account.account_id))
        parts[name] = [of(tuple(row)) for row in rows]
    kept = [row for name in KEPT for row in parts.pop(name)]
    return replace(account, kept=kept, **parts)
