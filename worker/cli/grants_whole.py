"""A grant as one object: what stands of it on invoices, and when it came, changed and went."""

from collections.abc import Sequence

from sqlalchemy import Connection

from db.look_ups import amended_at, uses_of
from domain.books import Books
from domain.credit import Grant
from domain.fields import rfc3339
from domain.ledger import Entry
from domain.vocabulary import Kind
from worker.cli.ledger_rows import said
from worker.state import Data


def whole_data(
    connection: Connection, account: Books, grant: Grant, touched: Sequence[Entry]
) -> Data:
    """All of a grant that its terms do not say; `touched` is its entries, the oldest first.

    A grant is never deleted: `deleted_at` is when it was voided. `updated_at` is when credit of it
    last moved or its terms were amended.
    """
    named = {entry.invoice for entry in touched if entry.invoice is not None}
    uses = uses_of(connection, account.account_id, grant.grant, named)
    amended = amended_at(connection, account.account_id, grant.grant)
    changed = [entry.recorded_at for entry in touched] + ([amended] if amended else [])
    voids = [entry.recorded_at for entry in touched if entry.kind is Kind.VOID]
    context = said(touched[0]) if touched else {}
    return {
        **account.key._asdict(),
        "allocations": [
            {
                "id": f"{use.seq}" if use.line is None else f"{use.seq}/{use.line}",
                "grant": grant.grant,
                "invoice": invoice,
                "line": use.line,
                "amount": use.amount,
            }
            for invoice, use in uses
        ],
        "created_by": context.get("created_by"),
        "note": context.get("note"),
        "tags": context.get("tags", []),
        "metadata": context.get("metadata"),
        "created_at": rfc3339(touched[0].recorded_at) if touched else None,
        "updated_at": rfc3339(max(changed)) if changed else None,
        "deleted_at": rfc3339(voids[0]) if grant.is_void and voids else None,
    }
