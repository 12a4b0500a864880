"""`scrip statement`: what a customer has, had and got, on one page to send or to print."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from db.look_ups import clock, settings_of
from domain.order import PROFILES
from worker.cli.balance_at import INSTANT
from worker.cli.customers import Currency, Customer, Tenant, accounts_of, reading
from worker.cli.instants import instant_option
from worker.cli.ledger_rows import ledger_table
from worker.cli.output import Json, count, err, out, plain, print_json, when
from worker.cli.statement_data import statement_data
from worker.cli.statement_read import ENTRIES_MAX, Asked, read_statement
from worker.statement.account import AccountStatement
from worker.statement.page import page

_AT = (
    "The statement of another instant, which then stands on it. Past: what had been recorded by "
    "then. Future: as if nothing else happened."
)
_FROM = (
    "The ledger from here on, and all before it as one opening balance; if not said, from a year "
    f"before the end. At most the newest {ENTRIES_MAX:,} entries are told one by one."
)
_TO = "The statement of what had been recorded before this instant."
_HTML = "Write one page without script into this file; `-` is the standard output."
_ROWS = 10


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(statement)


def statement(
    customer: Customer,
    *,
    tenant: Tenant = "default",
    currency: Currency = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help=_HTML)] = None,
    since: Annotated[datetime | None, instant_option("--from", help=_FROM)] = None,
    until: Annotated[datetime | None, instant_option("--to", help=_TO)] = None,
    at: Annotated[datetime | None, instant_option(help=_AT)] = None,
    as_json: Json = False,
) -> None:
    """Say what a customer has, and how it came about: for people, on a page, or as data."""
    if until is not None:
        if at is not None:
            raise typer.BadParameter("--to and --at both say where it ends: name one of them")
        at = until - INSTANT
    with reading() as connection:
        now = clock(connection)
        order = PROFILES[settings_of(connection, tenant).order]
        asked = Asked(since, at or now)
        if since is not None and since > asked.at:
            raise typer.BadParameter("--from must be earlier than the statement's end")
        found = [
            read_statement(connection, account, order, asked, now)
            for account in accounts_of(connection, tenant, customer, currency)
        ]
    if html is not None:
        _write(html, page(found, at))
    if as_json:
        print_json([statement_data(account, at) for account in found])
    elif html is None:
        for account in found:
            _print(account, at)


def _write(file: Path, text: str) -> None:
    if str(file) == "-":
        typer.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise typer.BadParameter(f"cannot write {file}: {error.strerror}") from error
    err.print(plain(f"wrote {file}, {len(text.encode()):,} bytes"), soft_wrap=True)


def _print(account: AccountStatement, at: datetime | None) -> None:
    write, (tenant, customer, currency) = account.amount, account.key
    instant = f" at {when(at)} UTC" if at else ""
    out.print(
        plain(f"{customer} ({tenant}): {write(account.available)} {currency} available{instant}")
    )
    parts = {"held": account.held, "not yet effective": account.pending}
    told = " and ".join(f"{write(amount)} {words}" for words, amount in parts.items() if amount)
    out.print(f"balance {write(account.balance)}" + (f", of which {told}" if told else ""))
    if account.expired:
        out.print(f"{write(account.expired)} has expired, and the ledger still counts it")
    for fall in account.falls[:1]:
        out.print(f"next expiry: {write(fall.amount)} on {when(fall.at)} UTC")
    if account.writeoffs:
        out.print(f"{count(len(account.writeoffs), 'write-off')}; --json and --html list them")
    if account.ledger:
        newest = list(reversed(account.ledger))[:_ROWS]
        out.print()
        out.print(ledger_table("Ledger, the newest first", newest, currency))
        if len(account.ledger) > _ROWS:
            out.print(f"{_ROWS} of {len(account.ledger):,} rows; --html and --json have them")
    if account.left_out:
        earlier = count(account.left_out, "earlier entry", "earlier entries")
        come = f"left out, which came to {write(account.opening)}"
        out.print(f"{earlier} {come}; `scrip ledger` tells them")
    out.print()
