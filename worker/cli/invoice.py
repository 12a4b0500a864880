"""`scrip invoice`: which credit paid an invoice, and what went back."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy import Connection

from db.look_ups import Billed, entries_at, invoices_called
from domain.bill import Invoice, Line
from domain.fields import rfc3339
from domain.ledger import Entry
from domain.vocabulary import SIGN, Kind
from worker.cli.customers import Currency, accounts_of, reading
from worker.cli.output import Json, err, money, out, plain, print_json, table, when
from worker.cli.units import know_units
from worker.state import Data, entry_data, invoice_data

InvoiceId = Annotated[str, typer.Argument(help="The invoice's id, as in the messages.")]
MaybeCustomer = Annotated[
    str | None, typer.Option(help="Whose invoice it is; without, each account is asked.")
]
MaybeTenant = Annotated[
    str | None, typer.Option(help="Only this tenant's; with --customer it is `default`.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(invoice)


def invoice(
    invoice: InvoiceId,
    customer: MaybeCustomer = None,
    tenant: MaybeTenant = None,
    currency: Currency = None,
    as_json: Json = False,
) -> None:
    """Show what is due on an invoice, which grants paid it, and what was given back."""
    with reading() as connection:
        found = billed(connection, invoice, customer, tenant, currency)
        entries = [
            entries_at(connection, bill.account.account_id, bill.invoice.entries) for bill in found
        ]
    if as_json:
        print_json([_data(bill, told) for bill, told in zip(found, entries, strict=True)])
    elif len(found) > 1:
        print_choice(found)
    else:
        _print(found[0], entries[0])


def billed(
    connection: Connection,
    invoice: str,
    customer: str | None,
    tenant: str | None,
    currency: str | None,
) -> list[Billed]:
    """The invoices that are meant; says what to do and exits when there are none."""
    ids = None
    if customer is not None:
        accounts = accounts_of(connection, tenant or "default", customer, currency)
        ids = [account.account_id for account in accounts]
    found = [
        bill
        for bill in invoices_called(connection, invoice, ids, tenant)
        if currency in (None, bill.account.key.currency)
    ]
    if not found:
        who = "no account has an" if customer is None else f"{customer} has no"
        err.print(plain(f"{who} invoice {invoice}"))
        raise typer.Exit(1)
    know_units(connection, {bill.account.key.tenant for bill in found})
    return found


def print_choice(found: Iterable[Billed]) -> None:
    """Several accounts have an invoice of this id."""
    rows = (
        (
            *map(plain, bill.account.key),
            money(bill.invoice.amount_due, bill.account.key.currency),
            money(bill.invoice.applied, bill.account.key.currency),
            money(bill.invoice.due, bill.account.key.currency),
            bill.invoice.status,
        )
        for bill in found
    )
    columns = ("tenant", "customer", "currency", "amount due", "applied", "due", "status")
    numbers = ("amount due", "applied", "due")
    title = "Several accounts have an invoice of this id"
    out.print(table(title, columns, rows, right=numbers, fold=("tenant", "customer")))
    out.print("choose one with --customer, --tenant or --currency")


def _data(bill: Billed, entries: Sequence[Entry]) -> Data:
    invoice = bill.invoice
    return {
        **bill.account.key._asdict(),
        **invoice_data(invoice),
        "issued_at": rfc3339(invoice.issued_at) if invoice.issued_at else None,
        "auto_apply": invoice.auto_apply,
        "lines": [
            {"line": line.id, "product": line.product, "amount": line.amount, "paid": paid}
            for line, paid in _lines(invoice)
        ],
        "written_off": invoice.written_off,
        "stands": [use._asdict() for use in invoice.uses],
        "entries": [{**entry_data(row), "dated_at": rfc3339(row.dated_at)} for row in entries],
    }


def _lines(invoice: Invoice) -> Iterator[tuple[Line, int]]:
    """Every line with the credit that stands on it."""
    paid = Counter[str | None]()
    for use in invoice.uses:
        paid[use.line] += use.amount
    return ((line, paid[line.id]) for line in invoice.lines)


def _print(bill: Billed, entries: Sequence[Entry]) -> None:
    invoice, (tenant, customer, currency) = bill.invoice, bill.account.key
    out.print(plain(f"Invoice {invoice.invoice} of {customer} ({tenant}): {invoice.status}"))
    told = (f"{name} {money(amount, currency)}" for name, amount in _sums(invoice))
    issued = f"; issued {when(invoice.issued_at)} UTC" if invoice.issued_at else ""
    out.print(plain(f"{', '.join(told)} {currency}{issued}") + "\n")
    if invoice.lines:
        out.print(_line_table(invoice, currency))
        out.print()
    if entries:
        out.print(_entry_table(invoice, entries, currency))
        out.print()
        out.print("`scrip explain --invoice` says why these grants")
    else:
        out.print("no credit has touched it; `scrip explain --invoice` says why")


def _sums(invoice: Invoice) -> Iterator[tuple[str, int]]:
    yield "amount due", invoice.amount_due
    yield "applied", invoice.applied
    if invoice.written_off:
        yield "of which written off", invoice.written_off
    yield "still due", invoice.due


def _line_table(invoice: Invoice, currency: str) -> Table:
    rows = (
        (plain(line.id), plain(line.product), money(line.amount, currency), money(paid, currency))
        for line, paid in _lines(invoice)
    )
    columns, numbers = ("line", "product", "amount", "paid by credit"), ("amount", "paid by credit")
    return table("Lines", columns, rows, right=numbers, fold=("line", "product"))


def _entry_table(invoice: Invoice, entries: Iterable[Entry], currency: str) -> Table:
    """Every allocation of every entry, and of an application how much of it still stands."""
    stands = {(use.seq, use.grant, use.line): use.amount for use in invoice.uses}
    rows = (
        (
            str(entry.seq),
            when(entry.dated_at),
            entry.kind,
            plain(grant),
            plain(line),
            money(SIGN[entry.kind] * amount, currency),
            money(stands.get((entry.seq, grant, line), 0), currency)
            if entry.kind is Kind.APPLICATION
            else "",
            ", ".join(map(str, entry.reverses)),
            plain(entry.cause.id),
        )
        for entry in entries
        for grant, line, amount in entry.allocations
    )
    columns = ("entry", "when (UTC)", "kind", "grant", "line", "amount", "stands", "reverses",
               "cause")  # fmt: skip
    numbers, wide = ("entry", "amount", "stands"), ("grant", "line", "cause")
    return table("What credit did", columns, rows, right=numbers, fold=wide)
