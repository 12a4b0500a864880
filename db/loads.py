"""What a batch reads of its accounts beside their open grants: what is named, and what is open."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from psycopg import Connection

from db.literals import plain_array, text_array
from db.queries import statement
from db.rows import Row, grant_of, invoice_of
from db.rows_kept import hold_of, spent_of, transfer_of, writeoff_of
from domain.account import Account
from domain.identity import Id128
from domain.kept import Hold, Kept, Spent, Transfer, Writeoff
from domain.wanted import Wanted

LOAD_NAMED_GRANTS = statement("load_named_grants")
LOAD_EXTERNAL_GRANTS = statement("load_external_grants")
LOAD_INVOICES = statement("load_invoices")
LOAD_OPEN_INVOICES = statement("load_open_invoices")
LOAD_HOLDS = statement("load_holds")
LOAD_OPEN_HOLDS = statement("load_open_holds")
LOAD_TRANSFERS = statement("load_transfers")
LOAD_WRITEOFFS = statement("load_writeoffs")
LOAD_SPENT = statement("load_spent")

Accounts: TypeAlias = dict[Id128, Account]
Add: TypeAlias = Callable[[Accounts, Iterable[Row]], None]


class Asked(NamedTuple):
    """A statement under way, and what puts its rows on the accounts."""

    rows: Iterable[Row]
    add: Add


def send(connection: Connection[Any], sql: bytes, *parameters: Any) -> Any:
    """Send a statement in a pipeline; its rows can be fetched once that is synced."""
    cursor = connection.cursor(binary=True)
    return cursor.execute(sql, parameters, prepare=True)


def ask(connection: Connection[Any], want: Wanted) -> list[Asked]:
    """Send a statement for each kind of row that is wanted, and none for the others."""
    by_name = (
        (LOAD_NAMED_GRANTS, add_grants, want.grants),
        (LOAD_EXTERNAL_GRANTS, add_grants, want.external_ids),
        (LOAD_INVOICES, _add_invoices, want.invoices),
        *((*_KEPT[kind], names) for kind, names in want.kept.items()),
    )
    by_account = (
        (LOAD_OPEN_HOLDS, _ADD_HOLDS, want.open_holds),
        (LOAD_OPEN_INVOICES, _add_invoices, want.open_invoices),
    )
    return [
        *(Asked(send(connection, sql, *by_two(rows)), add) for sql, add, rows in by_name if rows),
        *(
            Asked(send(connection, sql, plain_array(sorted(ids))), add)
            for sql, add, ids in by_account
            if ids
        ),
    ]


def by_two(pairs: Iterable[tuple[Id128, str | int]]) -> tuple[str, str]:
    """Account ids and names, as two arrays in key order."""
    rows = sorted(pairs)
    return plain_array(row[0] for row in rows), text_array(str(row[1]) for row in rows)


def add_grants(accounts: Accounts, rows: Iterable[Row]) -> None:
    """Put grants on their accounts, those that are not there yet."""
    for account_id, *row in rows:
        grants = accounts[account_id].grants
        if row[0] not in grants:
            grants[row[0]] = grant_of(tuple(row))


def _add_invoices(accounts: Accounts, rows: Iterable[Row]) -> None:
    for account_id, *row in rows:
        invoices = accounts[account_id].invoices
        if row[0] not in invoices:
            invoices[row[0]] = invoice_of(tuple(row))


def _add_kept(of: Callable[[Row], Kept], accounts: Accounts, rows: Iterable[Row]) -> None:
    for account_id, *row in rows:
        kept = of(tuple(row))
        accounts[account_id].kept[type(kept), kept.name] = kept


_ADD_HOLDS: Add = partial(_add_kept, hold_of)

_KEPT: dict[type[Any], tuple[bytes, Add]] = {
    Hold: (LOAD_HOLDS, _ADD_HOLDS),
    Transfer: (LOAD_TRANSFERS, partial(_add_kept, transfer_of)),
    Writeoff: (LOAD_WRITEOFFS, partial(_add_kept, writeoff_of)),
    Spent: (LOAD_SPENT, partial(_add_kept, spent_of)),
}
