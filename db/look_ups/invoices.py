"""Invoices by their id."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select, true

from db.books import ACCOUNT, INVOICE, books_of
from db.rows import invoice_of
from db.tables import accounts, invoices
from domain.bill import Invoice
from domain.books import Books
from domain.identity import Id128


@dataclass(frozen=True, slots=True)
class Billed:
    """An invoice and the account that it belongs to; the account without its rows."""

    account: Books
    invoice: Invoice


def invoices_called(
    connection: Connection,
    invoice: str,
    account_ids: Collection[Id128] | None,
    tenant: str | None = None,
) -> list[Billed]:
    """The invoices with this id in these accounts, or for None in all, perhaps of one tenant.

    Each account is asked by its key: an index by invoice would cost every invoice a write.
    """
    of_account = (
        select(*INVOICE)
        .where(invoices.c.account_id == accounts.c.account_id, invoices.c.invoice == invoice)
        .offset(0)  # keeps it a question to each account, and not a reading of all invoices
        .lateral("found")
    )
    wanted = select(*ACCOUNT, *list(of_account.c)[1:]).join_from(accounts, of_account, true())
    if account_ids is not None:
        wanted = wanted.where(accounts.c.account_id.in_(account_ids))
    if tenant is not None:
        wanted = wanted.where(accounts.c.tenant == tenant)
    ordered = wanted.order_by(accounts.c.tenant, accounts.c.customer, accounts.c.currency)
    width = len(ACCOUNT)
    rows = map(tuple, connection.execute(ordered))
    return [Billed(books_of(row[:width]), invoice_of(row[width:])) for row in rows]
