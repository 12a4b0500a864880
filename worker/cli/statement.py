"""`scrip statement`: what a customer has, had and got, on one page to send or to print."""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection, func, select

from db.customers import settings_of
from db.one_account import with_parts
from db.tracing import details_of, ledger_from_first
from domain.books import Books
from domain.credit import GrantDetails
from domain.kept import Transfer, Writeoff
from domain.ledger import Entry
from domain.order import PROFILES, Profile
from worker.cli.at_instant import groups, standing
from worker.cli.customers import Currency, Customer, Tenant, accounts_of, reading
from worker.cli.instants import instant_option
from worker.cli.ledger_rows import ledger_table
from worker.cli.output import Json, count, err, money, out, plain, print_json, when
from worker.cli.statement_data import statement_data
from worker.statement.account import (
    AccountStatement,
    Share,
    credited,
    falls_of,
    gone_grants,
    what_became,
)
from worker.statement.page import page

_AT = (
    "The statement of another instant, which then stands on it. Past: what had been recorded by "
    "then. Future: as if nothing else happened."
)
_HTML = "Write one page without script into this file; `-` is the standard output."
_ROWS = 10


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(statement)


def statement(
    customer: Customer,
    tenant: Tenant = "default",
    currency: Currency = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help=_HTML)] = None,
    at: Annotated[datetime | None, instant_option(help=_AT)] = None,
    as_json: Json = False,
) -> None:
    """Say what a customer has, and how it came about: for people, on a page, or as data."""
    with reading() as connection:
        # One snapshot: an entry that comes while we read would stand in one part and not another.
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        now = connection.execute(select(func.clock_timestamp())).scalar_one()
        order = PROFILES[settings_of(connection, tenant).order]
        found = [
            _read(connection, account, order, at or now, now)
            for account in accounts_of(connection, tenant, customer, currency)
        ]
    if html is not None:
        _write(html, page(found, at))
    if as_json:
        print_json([statement_data(account, at) for account in found])
    elif html is None:
        for account in found:
            _print(account, at)


def _read(
    connection: Connection, account: Books, order: Profile, at: datetime, now: datetime
) -> AccountStatement:
    books = with_parts(connection, account)
    with ledger_from_first(connection, account.account_id) as ledger:
        entries = list(ledger)
    return statement_of(books, entries, details_of(connection, account.account_id), order, at, now)


def statement_of(
    books: Books,
    entries: Sequence[Entry],
    details: dict[str, GrantDetails],
    order: Profile,
    at: datetime,
    now: datetime,
) -> AccountStatement:
    """An account at an instant, seen from `now`; `entries` is all of its ledger."""
    found = standing(books, entries, at, now)
    ledger = entries[: found.seq]
    became, is_past = what_became(ledger), at < now
    terms = {grant.grant: grant for grant in (*books.grants, *found.grants)}
    kept = [one for one in books.kept if isinstance(one, Transfer | Writeoff)]
    known = [one for one in kept if one.seq <= found.seq]
    shares = ((part.grants[0], part) for part in groups(found))
    return AccountStatement(
        key=books.key,
        at=at,
        is_past=is_past,
        available=found.available,
        balance=found.balance,
        held=found.held,
        is_most_held=found.is_most_held,
        pending=found.pending,
        expired=found.expired,
        shares=tuple(Share(g.scope, g.category, p.available, p.balance) for g, p in shares),
        order=order.label,
        grants=tuple(sorted(found.grants, key=order.rank)),
        details=details,
        gone=gone_grants(became, found.grants),
        falls=falls_of(became, terms),
        ledger=ledger,
        invoices=credited(ledger, None if is_past else books.invoices),
        writeoffs=tuple(one for one in known if isinstance(one, Writeoff)),
        sent={one.seq: one.to_customer for one in known if isinstance(one, Transfer)},
        amount=partial(_amount, currency=books.key.currency),
    )


def _amount(amount: int, currency: str) -> str:
    """As `money` has it, with the digits in groups: people read `1,234,567.89` faster."""
    whole, point, rest = money(amount, currency).partition(".")
    return re.sub(r"\B(?=(\d{3})+$)", ",", whole) + point + rest


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
            out.print(f"{_ROWS} of {len(account.ledger):,} rows; --html and --json have all")
    out.print()
