"""`scrip ledger`: a customer's ledger in pages, by what people ask for, or into a file."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from db.look_ups import SCANNED_MAX, Page, Span, Wanted, page, span_of
from domain.books import Books
from domain.vocabulary import Kind
from worker.cli.customers import Currency, Customer, Tenant, accounts_of, reading
from worker.cli.instants import instant_option
from worker.cli.ledger_export import Format, export
from worker.cli.ledger_rows import ledger_table, row_data
from worker.cli.output import Json, err, out, plain, print_json
from worker.state import Data

ROWS_SHOWN, ROWS_MAX = 50, 1_000

_DATES = "Recorded {} (the database clock of the decision, which never goes back)."
Kinds = Annotated[
    list[Kind] | None, typer.Option("--type", help="Only entries of this kind; may be repeated.")
]
Since = Annotated[datetime | None, instant_option("--from", help=_DATES.format("from then on"))]
Until = Annotated[datetime | None, instant_option("--to", help=_DATES.format("before then"))]
OfInvoice = Annotated[str | None, typer.Option(help="Only what credit did to this invoice.")]
Reference = Annotated[
    str | None, typer.Option(help="Only entries of grants with this reference number.")
]
Tag = Annotated[str | None, typer.Option(metavar="KEY[=VALUE]", help="Only what came with a tag.")]
After = Annotated[int | None, typer.Option(help="Only rows behind this seq.")]
Before = Annotated[int | None, typer.Option(help="Only rows before this seq.")]
Limit = Annotated[
    int | None,
    typer.Option(min=1, help=f"Rows at most: {ROWS_SHOWN} of at most {ROWS_MAX:,}; exported: all."),
]
Exported = Annotated[
    Format | None,
    typer.Option("--format", help="All the rows as CSV (amounts as 12.50; text that a spreadsheet "
                 "would run gets a ' before it) or JSON lines (minor units)."),
]  # fmt: skip
Output = Annotated[Path | None, typer.Option(help="The file for --format; else standard output.")]
OldestFirst = Annotated[bool, typer.Option("--oldest-first", help="Else the newest row is first.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ledger)


def ledger(
    customer: Customer,
    *,
    tenant: Tenant = "default",
    currency: Currency = None,
    kinds: Kinds = None,
    since: Since = None,
    until: Until = None,
    invoice: OfInvoice = None,
    reference: Reference = None,
    tag: Tag = None,
    after: After = None,
    before: Before = None,
    limit: Limit = None,
    oldest_first: OldestFirst = False,
    form: Exported = None,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Show a customer's ledger, the newest row first. Filters combine; a page names the next."""
    _check(form, output, limit, as_json=as_json)
    wanted = Wanted(
        kinds=tuple(kinds or ()),
        since=since,
        until=until,
        invoice=invoice,
        reference=reference,
        tag=_tag(tag),
        after=after,
        before=before,
    )
    with reading() as connection:
        accounts = accounts_of(connection, tenant, customer, currency)
        _check_cursor(accounts, wanted)
        spans = [(one, span_of(connection, one.account_id, wanted)) for one in accounts]
        if form is not None:
            export(connection, spans, form, output, limit, oldest_first=oldest_first)
        else:
            rows = limit or ROWS_SHOWN
            _show(connection, spans, rows, oldest_first=oldest_first, as_json=as_json)


def _show(
    connection: Connection,
    spans: Sequence[tuple[Books, Span]],
    limit: int,
    *,
    oldest_first: bool,
    as_json: bool,
) -> None:
    """The first page of each account."""
    pages = [page(connection, span, limit, oldest_first=oldest_first) for _, span in spans]
    told = list(zip(spans, pages, strict=True))
    if as_json:
        print_json([_data(one, found, oldest_first=oldest_first) for (one, _), found in told])
        return
    for (one, span), found in told:
        _print(one, span, found, oldest_first=oldest_first)


def _check_cursor(accounts: Sequence[Books], wanted: Wanted) -> None:
    if len(accounts) > 1 and not (wanted.after is None and wanted.before is None):
        names = ", ".join(account.key.currency for account in accounts)
        raise typer.BadParameter(f"each account has its own seqs: add --currency, of {names}")


def _check(form: Format | None, output: Path | None, limit: int | None, *, as_json: bool) -> None:
    if form is None and output is not None:
        raise typer.BadParameter("say how to write it: --format csv or --format jsonl")
    if form is not None and as_json:
        raise typer.BadParameter("--json prints a page; --format jsonl writes all rows")
    if form is None and limit is not None and limit > ROWS_MAX:
        raise typer.BadParameter(
            f"a page has at most {ROWS_MAX:,} rows: go on from the cursor that it ends with, or "
            "write all rows with --format csv or --format jsonl"
        )


def _tag(text: str | None) -> tuple[str, str | None] | None:
    if text is None:
        return None
    key, equals, value = text.partition("=")
    return key, value if equals else None


def _data(account: Books, found: Page, *, oldest_first: bool) -> Data:
    option = "after" if oldest_first else "before"
    return {
        **account.key._asdict(),
        "ledger": [row_data(entry) for entry in found.entries],
        "next": None if found.cursor is None else {option: found.cursor},
    }


def _print(account: Books, span: Span, found: Page, *, oldest_first: bool) -> None:
    tenant, customer, currency = account.key
    name, rows = f"{customer} ({tenant}), {currency}", found.entries
    option = "--after" if oldest_first else "--before"
    goes_on = f"{option} {found.cursor} goes on"
    if not rows and found.cursor is not None:
        err.print(plain(f"{name}: none of {SCANNED_MAX:,} rows is what you asked for; {goes_on}"))
        return
    if not rows and account.seq:
        err.print(plain(f"{name}: none of {account.seq:,} rows is what you asked for"))
        return
    out.print(ledger_table(plain(name), rows, currency))
    if found.cursor is not None:
        of = f" of {account.seq:,}" if span.is_whole(account.seq) else ""
        out.print(f"{len(rows):,}{of} rows; {goes_on}")
    out.print()
