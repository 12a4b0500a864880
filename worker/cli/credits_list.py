"""`scrip credits` and `scrip writeoffs`: an account's credits under a billing system's words."""

from collections.abc import Sequence
from itertools import islice
from typing import Annotated

import typer
from sqlalchemy import Connection

from db.look_ups import CREDITS, Credit, Wanted, credits_of, span_of, writeoffs_of
from domain.books import Books
from worker.cli.credits_words import credit_data, shortfall_data
from worker.cli.customers import Currency, Customer, Tenant, accounts_of, reading
from worker.cli.output import Json, count, err, money, out, plain, print_json, table
from worker.state import Data

ITEMS_MAX = 1_000

OfInvoice = Annotated[str | None, typer.Option(help="Only those on this invoice.")]
Offset = Annotated[int, typer.Option(min=0, help="How many to leave out, of the newest.")]
Count = Annotated[int, typer.Option("--count", min=1, max=ITEMS_MAX, help="How many at most.")]
Extended = Annotated[bool, typer.Option("--extended", help="With entries, grants and causes.")]
Reversed = Annotated[
    bool, typer.Option("--include-reversed", help="With --invoice: also what was taken back.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("credits")(list_credits)
    app.command("writeoffs")(list_writeoffs)


def list_credits(
    customer: Customer,
    *,
    tenant: Tenant = "default",
    currency: Currency = None,
    invoice: OfInvoice = None,
    reversed_too: Reversed = False,
    offset: Offset = 0,
    number: Count = 50,
    extended: Extended = False,
    as_json: Json = False,
) -> None:
    """Show an account's credits, the newest first: given, paid on invoices, paid out, let off."""
    if reversed_too and invoice is None:
        raise typer.BadParameter("--include-reversed goes with --invoice; without, all are shown")
    with reading() as connection:
        account = only(accounts_of(connection, tenant, customer, currency))
        if invoice is None:
            span = span_of(connection, account.account_id, Wanted(kinds=CREDITS))
            found = credits_of(connection, span, offset, number + 1)
        else:
            found = _of_invoice(connection, account, invoice, reversed_too=reversed_too)[offset:]
    items = [credit_data(account, credit, extended=extended) for credit in found]
    _tell(account, "Credits", items, number, "creditState", as_json=as_json)


def list_writeoffs(
    customer: Customer,
    *,
    tenant: Tenant = "default",
    currency: Currency = None,
    writeoff: Annotated[str | None, typer.Option(help="This one alone.")] = None,
    invoice: OfInvoice = None,
    offset: Offset = 0,
    number: Count = 50,
    extended: Extended = False,
    as_json: Json = False,
) -> None:
    """Show what was written off on an account's invoices, the newest first."""
    with reading() as connection:
        account = only(accounts_of(connection, tenant, customer, currency))
        found = writeoffs_of(
            connection,
            account.account_id,
            invoice=invoice,
            name=writeoff,
            offset=offset,
            count=number + 1,
        )
    items = [shortfall_data(account, row, extended=extended) for row in found]
    if writeoff is not None and not items:
        err.print(plain(f"{account.key.customer} has no write-off {writeoff}"))
        raise typer.Exit(1)
    _tell(account, "Write-offs", items, number, "shortfallCreditState", as_json=as_json)


def only(accounts: Sequence[Books]) -> Books:
    """The one account that is meant; says how to choose when there are several."""
    if len(accounts) > 1:
        names = ", ".join(account.key.currency for account in accounts)
        raise typer.BadParameter(f"there are accounts in {names}: choose one with --currency")
    return accounts[0]


def _of_invoice(
    connection: Connection, account: Books, invoice: str, *, reversed_too: bool
) -> list[Credit]:
    """All of them: an invoice has few."""
    wanted = Wanted(kinds=CREDITS, invoice=invoice)
    span = span_of(connection, account.account_id, wanted)
    found = credits_of(connection, span, 0, max(1, len(span.seqs or ())))
    return [credit for credit in found if reversed_too or not credit.is_reversed]


def _tell(
    account: Books, title: str, items: list[Data], number: int, state: str, *, as_json: bool
) -> None:
    """The first so many, and whether these are all."""
    shown, completed = list(islice(items, number)), len(items) <= number
    if as_json:
        print_json({"listCompleted": completed, "items": shown})
        return
    tenant, customer, currency = account.key
    rows = (
        (
            plain(item["locator"]),
            item["creditType"],
            item[state],
            money(item["amount"], currency),
            item["createdAt"],
            plain(item["reversalReason"]),
            ", ".join(plain(target["invoice"]) for target in item.get("targets", ())),
            plain(item.get("parentCreditLocator")),
        )
        for item in shown
    )
    columns = ("locator", "type", "state", "amount", "created at", "reversed because", "invoice",
               "parent")  # fmt: skip
    name = f"{title} of {customer} ({tenant}), {currency}"
    out.print(table(plain(name), columns, rows, right=("amount",), fold=("locator",)))
    if not completed:
        out.print(f"{count(len(shown), 'row')}; --offset shows those behind them")
