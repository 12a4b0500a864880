"""`scrip explain`: why an entry used these grants, or what became of a message."""

from collections.abc import Collection, Iterator
from typing import Annotated

import typer
from sqlalchemy import Connection

from db.look_ups import entries_in, stretch_to
from domain.bill import Invoice
from domain.books import Books
from domain.vocabulary import InvoiceStatus
from worker.cli.customers import Currency, accounts_of, reading
from worker.cli.explain_data import Explained, explained, explained_data, print_explained
from worker.cli.explain_ledger import BrokenLedgerError
from worker.cli.explain_message import explain_message
from worker.cli.explain_reasons import LISTED_MAX
from worker.cli.explain_replay import cases
from worker.cli.invoice import MaybeCustomer, MaybeTenant, billed, print_choice
from worker.cli.output import Json, err, money, out, plain, print_json, progress

_USAGE = "give one of: ENTRY with --customer, --message ID with --customer, --invoice ID"
_SOURCE = "With --message: its source, where several have sent the same id."


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(explain)


def explain(
    entry: Annotated[
        int | None, typer.Argument(min=1, help="The entry's number in the customer's ledger.")
    ] = None,
    *,
    customer: MaybeCustomer = None,
    invoice: Annotated[
        str | None, typer.Option(help="Every entry that touched this invoice.")
    ] = None,
    message: Annotated[str | None, typer.Option(help="What became of this message.")] = None,
    source: Annotated[str | None, typer.Option(help=_SOURCE)] = None,
    tenant: MaybeTenant = None,
    currency: Currency = None,
    as_json: Json = False,
) -> None:
    """Say in words why an entry used these grants, or what became of a message.

    Give one of: ENTRY with --customer, --message ID with --customer, --invoice ID.
    """
    if sum(given is not None for given in (entry, invoice, message)) != 1 or (
        (invoice is None and customer is None) or (message is None and source is not None)
    ):
        raise typer.BadParameter(_USAGE)
    with reading() as connection:
        if invoice is not None:
            found = billed(connection, invoice, customer, tenant, currency)
            if len(found) > 1:
                print_choice(found)
                raise typer.Exit(1)
            bill = found[0]
            _tell(connection, bill.account, bill.invoice.entries, as_json=as_json)
            if not bill.invoice.entries and not as_json:
                out.print(plain(_untouched(bill.invoice, bill.account)))
            return
        accounts = accounts_of(connection, tenant or "default", customer or "", currency)
        if message is not None:
            explain_message(connection, accounts, message, source, as_json=as_json)
        elif entry is not None:
            account = _only(accounts)
            _check_is_there(account, entry)
            _tell(connection, account, [entry], as_json=as_json)


def _only(accounts: list[Books]) -> Books:
    if len(accounts) > 1:
        names = ", ".join(account.key.currency for account in accounts)
        err.print(f"there are accounts in {names}: choose one with --currency")
        raise typer.Exit(1)
    return accounts[0]


def _check_is_there(account: Books, entry: int) -> None:
    if entry > account.seq:
        newest = f"its newest entry is {account.seq}" if account.seq else "its ledger is empty"
        err.print(plain(f"{account.key.customer} has no entry {entry}: {newest}"))
        raise typer.Exit(1)


def _tell(connection: Connection, account: Books, seqs: Collection[int], *, as_json: bool) -> None:
    try:
        told = list(explanations(connection, account, seqs))
    except BrokenLedgerError as error:
        err.print(plain(f"{error}; run `scrip verify`, which says what is wrong"))
        raise typer.Exit(1) from error
    if as_json:
        print_json([explained_data(one) for one in told])
    else:
        for one in told:
            print_explained(one)
    if any(one.case.agrees is False for one in told):
        raise typer.Exit(1)


def explanations(
    connection: Connection, account: Books, seqs: Collection[int]
) -> Iterator[Explained]:
    """Entries of one account, the oldest first; raises BrokenLedgerError.

    Each is decided again from the closing before it: all must stand in one snapshot.
    """
    left, columns = sorted(seqs), "{task.completed:,} of {task.total:,} entries"
    while left:
        found = stretch_to(connection, account, left, every_grant_of=LISTED_MAX)
        if found is None:
            raise BrokenLedgerError(f"entry {left[0]} is not there")
        wanted = [seq for seq in left if seq <= found.last]
        left = left[len(wanted) :]
        first, last = found.opening.seq + 1, found.last
        ledger = entries_in(connection, account.account_id, first, last)
        with progress(columns) as shown:
            walked = shown.track(ledger, total=last + 1 - first, description="deciding again")
            yield from (
                explained(case) for case in cases(found.books, walked, wanted, found.opening)
            )


def _untouched(invoice: Invoice, account: Books) -> str:
    """Why no credit was ever used on an invoice, as far as what is stored tells."""
    currency = account.key.currency
    name = f"No credit has ever touched invoice {invoice.invoice}: "
    if invoice.status is not InvoiceStatus.OPEN:
        return f"{name}it is {invoice.status}, and only an open invoice takes credit"
    if invoice.amount_due == 0:
        return f"{name}there was nothing to pay"
    if invoice.auto_apply is False:
        return f"{name}it came with auto_apply off"
    due = money(invoice.amount_due, currency)
    return (
        f"{name}when it came, no grant could pay any of its {due} {currency}. `scrip grants` shows "
        "when each is usable and what it is for; `scrip events` has the invoice.credited event"
    )
