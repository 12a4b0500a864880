"""Where credit came from and went: look-ups for people, which take no lock and decide nothing."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from db.books import (
    ACCOUNT,
    ENTRY,
    GRANT,
    INVOICE,
    RECEIPT,
    ROWS_AT_A_TIME,
    books_of,
    entry_of,
)
from db.books_kept import columns
from db.rows import grant_of, invoice_of, receipt_of
from db.tables import accounts, entries, grants, invoices, receipts
from db.tables_shared import quarantine
from domain.bill import Invoice
from domain.books import Books
from domain.credit import Grant, GrantDetails
from domain.identity import Id128
from domain.ledger import Entry, Receipt

_DETAILS = columns(grants, "grant_id memo sent_at reference_number line_items")


@dataclass(frozen=True, slots=True)
class Billed:
    """An invoice and the account that it belongs to; the account without its rows."""

    account: Books
    invoice: Invoice


def details_of(connection: Connection, account_id: Id128) -> dict[str, GrantDetails]:
    """What people read about an account's grants, by grant id."""
    rows = connection.execute(select(*_DETAILS).where(grants.c.account_id == account_id))
    return {row[0]: GrantDetails(row[1], row[2], row[3], tuple(row[4] or ())) for row in rows}


def grants_of(connection: Connection, account_id: Id128) -> list[Grant]:
    """All grants of an account, as they are now."""
    rows = connection.execute(select(*GRANT).where(grants.c.account_id == account_id))
    return [grant_of(tuple(row)[1:]) for row in rows]


def entries_that_touch(connection: Connection, account_id: Id128, grant: Grant) -> list[Entry]:
    """The entries that moved a grant, the oldest first."""
    # The index leads to the account's entries; an allocation of this grant begins with its id.
    named = entries.c.allocations.op("@>")(literal([[grant.grant]], JSONB))
    wanted = select(*ENTRY).where(entries.c.account_id == account_id, entries.c.seq >= grant.seq)
    rows = connection.execute(wanted.where(named).order_by(entries.c.seq))
    found = (entry_of(tuple(row)) for row in rows)
    return [entry for entry in found if any(a.grant == grant.grant for a in entry.allocations)]


def entries_at(connection: Connection, account_id: Id128, seqs: Collection[int]) -> list[Entry]:
    """The entries of these numbers, the oldest first."""
    wanted = select(*ENTRY).where(entries.c.account_id == account_id, entries.c.seq.in_(seqs))
    rows = connection.execute(wanted.order_by(entries.c.seq))
    return [entry_of(tuple(row)) for row in rows]


@contextmanager
def ledger_from_first(connection: Connection, account_id: Id128) -> Iterator[Iterator[Entry]]:
    """An account's entries, the oldest first, a portion at a time; stop reading when you like."""
    wanted = select(*ENTRY).where(entries.c.account_id == account_id)
    options = {"yield_per": ROWS_AT_A_TIME}
    with connection.execute(wanted.order_by(entries.c.seq), execution_options=options) as rows:
        yield (entry_of(tuple(row)) for row in rows)


def invoices_of(connection: Connection, account_id: Id128) -> list[Invoice]:
    """All invoices of an account, as they are now."""
    rows = connection.execute(select(*INVOICE).where(invoices.c.account_id == account_id))
    return [invoice_of(tuple(row)[1:]) for row in rows]


def invoices_called(
    connection: Connection, invoice: str, account_ids: Collection[Id128] | None
) -> list[Billed]:
    """The invoices with this id; among all accounts, for None, which reads all invoices."""
    wanted = select(*ACCOUNT, *INVOICE[1:]).join_from(
        accounts, invoices, accounts.c.account_id == invoices.c.account_id
    )
    wanted = wanted.where(invoices.c.invoice == invoice)
    if account_ids is not None:
        wanted = wanted.where(invoices.c.account_id.in_(account_ids))
    ordered = wanted.order_by(accounts.c.tenant, accounts.c.customer, accounts.c.currency)
    width = len(ACCOUNT)
    rows = map(tuple, connection.execute(ordered))
    return [Billed(books_of(row[:width]), invoice_of(row[width:])) for row in rows]


def receipts_called(
    connection: Connection, account_ids: Collection[Id128], message_id: str
) -> list[Receipt]:
    """The receipts of messages with this id, whatever their source."""
    wanted = select(*RECEIPT).where(
        receipts.c.account_id.in_(account_ids), receipts.c.id == message_id
    )
    ordered = wanted.order_by(receipts.c.account_id, receipts.c.source)
    return [receipt_of(tuple(row))[1] for row in connection.execute(ordered)]


def set_aside_called(connection: Connection, message_id: str) -> list[tuple[str, str]]:
    """The digest and the reason of every message with this id that is in quarantine."""
    wanted = select(quarantine.c.digest, quarantine.c.reason).where(
        quarantine.c.message_id == message_id, quarantine.c.state == "held"
    )
    rows = connection.execute(wanted.order_by(quarantine.c.since, quarantine.c.digest))
    return [(row[0].hex(), row[1]) for row in rows]
