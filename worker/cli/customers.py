"""`scrip balance`, and how every command finds a customer's accounts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy import Connection

from db.look_ups import (
    clock,
    count_grants,
    holdings,
    names_like,
    open_parts,
    session,
    settings_of,
    tenants_of,
    with_grants,
)
from domain.books import Books
from domain.credit import Grant
from domain.order import PROFILES, Profile
from domain.vocabulary import GrantState
from worker.cli.at_instant import Standing
from worker.cli.balance_at import print_standing, standing_data, standing_of
from worker.cli.installation import database
from worker.cli.instants import instant_option
from worker.cli.output import Json, count, err, money, out, plain, print_json, table, when
from worker.cli.units import know_units
from worker.state import account_data, grants_at

Customer = Annotated[str, typer.Argument(help="The customer's id, as in the messages.")]
Tenant = Annotated[str, typer.Option(help="Whose customer it is.")]
Currency = Annotated[str | None, typer.Option(help="Only the account in this currency.")]

_AT = (
    "At another instant. Past: all that was decided by then, going by the database clock of the "
    "decision (recorded_at) and the terms of then. Future: as if nothing else happened. Credit "
    "whose time is over by then is gone, also where its expiry has not been written yet."
)

GONE = (GrantState.DEPLETED, GrantState.EXPIRED, GrantState.VOIDED)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(balance)


def balance(
    customer: Customer,
    tenant: Tenant = "default",
    currency: Currency = None,
    at: Annotated[datetime | None, instant_option(help=_AT)] = None,
    as_json: Json = False,
) -> None:
    """Show what a customer has: available first, then the grants that it comes from."""
    with reading() as connection:
        now = clock(connection)
        accounts = accounts_of(connection, tenant, customer, currency)
        if at is not None:
            found = [(one, standing_of(connection, one, at, now)) for one in accounts]
            _tell_standings(found, now, as_json=as_json)
            return
        accounts = [
            counted(with_grants(connection, one) if as_json else open_parts(connection, one), now)
            for one in accounts
        ]
        had = [count_grants(connection, account.account_id, account.seq) for account in accounts]
        order = settings_of(connection, tenant).order
    if as_json:
        print_json([{**account_data(account, now), "held": _held(account)} for account in accounts])
        return
    for account, number in zip(accounts, had, strict=True):
        _print_balance(account, number, now, PROFILES[order])


@contextmanager
def reading() -> Iterator[Connection]:
    """A connection to look things up on: what it reads stood there together."""
    with database() as engine, session(engine) as connection:
        yield connection


def accounts_of(
    connection: Connection, tenant: str, customer: str, currency: str | None
) -> list[Books]:
    """The customer's accounts; says what to do and exits when there are none."""
    accounts = holdings(connection, tenant, customer, currency)
    if accounts:
        know_units(connection, [tenant])
        return accounts
    err.print(plain(f"{tenant} has no customer {customer}" + (f" in {currency}" * bool(currency))))
    others = holdings(connection, tenant, customer, None)
    near = get_close_matches(customer, names_like(connection, tenant, customer), n=3, cutoff=0.5)
    tenants = [name for name in tenants_of(connection, customer) if name != tenant]
    if others:
        err.print(plain(f"there are accounts in {', '.join(a.key.currency for a in others)}"))
    elif tenants:
        err.print(plain(f"other tenants have one: try --tenant {' or --tenant '.join(tenants)}"))
    elif near:
        err.print(plain(f"did you mean {' or '.join(near)}?"))
    else:
        err.print("an account is there from its first message on; `scrip state` shows all of them")
    raise typer.Exit(1)


def _tell_standings(found: list[tuple[Books, Standing]], now: datetime, *, as_json: bool) -> None:
    if as_json:
        print_json([standing_data(account, one) for account, one in found])
        return
    for account, one in found:
        print_standing(account, one, now)


def counted(account: Books, now: datetime) -> Books:
    """An account's grants as they count now: a hold whose time is over reserves nothing (R17)."""
    return replace(account, grants=grants_at(account, now), kept=())


def _print_balance(account: Books, number: int, now: datetime, order: Profile) -> None:
    """Of all its grants, `number`, the account has at least the open ones."""
    data, currency = account_data(account, now), account.key.currency
    name = f"{account.key.customer} ({account.key.tenant})"
    out.print(plain(f"{name} has {money(data['available'], currency)} {currency} available"))
    out.print(f"balance {money(account.balance, currency)}{_difference(account, now)}")
    open_grants = [grant for grant in account.grants if grant.state(now) not in GONE]
    if open_grants:
        out.print()
        out.print(_grant_table(sorted(open_grants, key=order.rank), currency, now))
    gone = number - len(open_grants)
    if gone:
        out.print(f"and {count(gone, 'grant')} used up, expired or voided; --json shows them")
    out.print()


def _difference(account: Books, now: datetime) -> str:
    """Why less is available than the balance says."""
    parts = {"held": _held(account), "pending": 0, "expired": 0}
    for grant in account.grants:
        if grant.state(now) in ("pending", "expired"):
            parts[grant.state(now)] += grant.remaining - grant.held
    words = {"held": "held", "pending": "not yet effective", "expired": "past its expiry"}
    told = [
        f"{money(amount, account.key.currency)} {words[name]}"
        for name, amount in parts.items()
        if amount
    ]
    return f", of which {' and '.join(told)}" if told else ""


def _held(account: Books) -> int:
    return sum(grant.held for grant in account.grants)


def _grant_table(grants: list[Grant], currency: str, now: datetime) -> Table:
    rows = (
        (
            plain(grant.grant),
            money(grant.remaining, currency),
            money(grant.amount, currency),
            money(grant.held, currency) if grant.held else "",
            when(grant.expires_at) if grant.expires_at else "never",
            grant.category,
            str(grant.priority),
            plain(", ".join(grant.scope)),
            grant.state(now),
        )
        for grant in grants
    )
    return table(
        "Grants, in the order of use",
        ("grant", "left", "of", "held", "expires (UTC)", "category", "priority", "only for",
         "state"),
        rows,
        right=("left", "of", "held", "priority"),
        fold=("grant", "only for"),
    )  # fmt: skip
