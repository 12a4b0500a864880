"""`scrip grants`: every lot of credit that a customer has or had, in the order of use."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from db.look_ups import clock, settings_of
from domain.credit import Grant, GrantDetails
from domain.kept import is_lot_of_writeoff
from domain.order import PROFILES
from domain.vocabulary import GrantState
from worker.cli.credits_list import only
from worker.cli.customers import Currency, Customer, Tenant, accounts_of, reading
from worker.cli.grants_data import GRANTS_SHOWN, Choice, Lots, lots_data, lots_of, went
from worker.cli.grants_one import show_grant
from worker.cli.output import Json, count, err, money, out, plain, print_json, table, when

_GRANT = "One grant in full, by its id or external id, with the entries that touched it."
_BEFORE = "Go on: only grants that came before this entry of the ledger."
_ALL = (
    f"Also where there are more than {GRANTS_SHOWN:,}; else the newest, and all with credit left."
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(grants)


def grants(
    customer: Customer,
    *,
    tenant: Tenant = "default",
    currency: Currency = None,
    state: Annotated[
        list[GrantState] | None, typer.Option(help="Only grants in this state; may be repeated.")
    ] = None,
    reference: Annotated[
        str | None, typer.Option(help="Only grants with this reference number.")
    ] = None,
    grant: Annotated[str | None, typer.Option(help=_GRANT)] = None,
    before: Annotated[int | None, typer.Option(min=1, help=_BEFORE)] = None,
    every: Annotated[bool, typer.Option("--all", help=_ALL)] = False,
    as_json: Json = False,
) -> None:
    """Show a customer's grants in the order of use, and what became of each."""
    if before is not None and (every or grant is not None or reference is not None):
        raise typer.BadParameter(
            "--before goes on with the list of all grants; leave the others out"
        )
    with reading() as connection:
        now = clock(connection)
        order = PROFILES[settings_of(connection, tenant).order]
        accounts = accounts_of(connection, tenant, customer, currency)
        if before is not None:
            only(accounts)
        choice = Choice(state or (), grant, reference, before, every)
        found = [lots_of(connection, one, order, now, choice) for one in accounts]
        if grant is not None:
            show_grant(connection, found, grant, as_json=as_json)
            return
    if as_json:
        print_json([lots_data(lots) for lots in found])
    for lots in found:
        if not as_json:
            _print(lots, len(state or ()) + (reference is not None))
        if lots.cursor is not None:
            err.print(plain(_goes_on(lots, lots.cursor)))


def _goes_on(lots: Lots, cursor: int) -> str:
    _, customer, currency = lots.account.key
    more = f"{customer} has had {lots.number:,} grants in {currency}, and these are not all"
    return f"{more}: --currency {currency} --before {cursor} goes on, --all shows all of them"


def _print(lots: Lots, filters: int) -> None:
    tenant, customer, currency = lots.account.key
    if not lots.grants:
        out.print(
            plain(f"{customer} ({tenant}) has no {'such ' * bool(filters)}grant in {currency}")
        )
        return
    shown = len(lots.grants), lots.number
    number = (
        count(shown[0], "grant") if shown[0] == shown[1] else f"{shown[0]} of {shown[1]} grants"
    )
    out.print(_grant_table(plain(f"{customer} ({tenant}): {number} in {currency}"), lots))
    out.print(f"in the order of use {lots.order.label}; --grant shows one in full")
    out.print()


def _grant_table(title: str, lots: Lots) -> Table:
    currency = lots.account.key.currency
    rows = (
        (
            plain(grant.grant),
            grant.state(lots.now),
            money(grant.remaining, currency),
            money(grant.amount, currency),
            "\n".join(went(grant, currency)),
            "\n".join(_usable(grant)),
            "of a write-off"
            if is_lot_of_writeoff(grant.grant)
            else f"{grant.priority} {grant.category}",
            plain(", ".join(grant.scope)),
            plain(" / ".join(_words(grant.details))),
        )
        for grant in lots.grants
    )
    return table(
        title,
        ("grant", "state", "left", "of", "rest", "usable (UTC)", "priority", "only for", "memo"),
        rows,
        right=("left", "of"),
        fold=("grant", "only for", "memo"),
    )


def _usable(grant: Grant) -> Iterator[str]:
    if grant.effective_at is not None:
        yield f"from {_day(grant.effective_at)}"
    yield f"until {_day(grant.expires_at)}" if grant.expires_at is not None else "no expiry"


def _day(instant: datetime) -> str:
    """Most grants begin and end with a day."""
    return when(instant).removesuffix(" 00:00")


def _words(details: GrantDetails | None) -> list[str]:
    assert details is not None, "they were read with the grant"
    return [text for text in (details.memo, details.reference_number) if text]
