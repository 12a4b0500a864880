"""`scrip reader`: which tenants a login may read in SQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from sqlalchemy import Connection

from db.engine import engine_for
from db.readers import EVERY_TENANT, bind, bound, login_of, unbind
from db.roles import FINDER, READER
from worker import settings
from worker.cli.output import Json, count, err, out, plain, print_json, table

Login = Annotated[str, typer.Argument(help="The user that logs in to PostgreSQL.")]
Tenants = Annotated[list[str] | None, typer.Option("--tenant", help="One; may be repeated.")]
Every = Annotated[bool, typer.Option("--all-tenants", help="All there are and will be.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(no_args_is_help=True, help="Which tenants a login may read in SQL.")
    for command in (add, remove, show):
        commands.command("list" if command is show else None)(command)
    app.add_typer(commands, name="reader")


def add(login: Login, tenants: Tenants = None, every: Every = False) -> None:
    """Let a login read a tenant's rows in the views; until then it sees no row."""
    if bool(tenants) == every:
        raise typer.BadParameter("say which: --tenant, or --all-tenants")
    with _as_owner() as connection:
        obstacle = _obstacle(connection, login)
        if obstacle is not None:
            err.print(plain(obstacle))
            raise typer.Exit(1)
        bind(connection, login, [EVERY_TENANT] if every else tenants or [])
    _say(login)


def remove(login: Login, tenants: Tenants = None) -> None:
    """Take tenants from a login: those named, or all of them."""
    with _as_owner() as connection:
        number = unbind(connection, login, tenants or [])
    if not number:
        err.print(plain(f"{login} was bound to nothing of that; see `scrip reader list`"))
        raise typer.Exit(1)
    _say(login)


def show(as_json: Json = False) -> None:
    """Show which login may read which tenants."""
    with _as_owner() as connection:
        found = list(bound(connection))
    if as_json:
        print_json([{"login": login, "tenant": tenant} for login, tenant in found])
    elif found:
        rows = ((plain(login), plain(_named(tenant))) for login, tenant in found)
        out.print(table("Readers", ("login", "tenant"), rows, fold=("login", "tenant")))
    else:
        out.print("no login is bound to a tenant, so that readers in SQL see no row")


@contextmanager
def _as_owner() -> Iterator[Connection]:
    """Not stepped down: the worker's role may not say who reads what."""
    engine = engine_for(settings.load().database_url.get_secret_value(), pool_size=1)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _obstacle(connection: Connection, login: str) -> str | None:
    found = login_of(connection, login)
    if found is None:
        return f"the server has no user {login}: let an administrator make it (SECURITY.md)"
    if found.sees_all:
        return f"{login} may read the tables themselves, so binding it would keep it from nothing"
    if not found.may_read:
        quoted = login.replace('"', '""')
        first = f'GRANT {READER} TO "{quoted}"; comes first, or {FINDER} for one row at a time'
        return f"{login} may not read the views: {first}"
    return None


def _say(login: str) -> None:
    with _as_owner() as connection:
        tenants = [tenant for reader, tenant in bound(connection) if reader == login]
    if EVERY_TENANT in tenants:
        out.print(plain(f"{login} reads every tenant"))
    else:
        names = ": " * bool(tenants) + ", ".join(tenants)
        out.print(plain(f"{login} reads {count(len(tenants), 'tenant')}{names}"))


def _named(tenant: str) -> str:
    return "every tenant" if tenant == EVERY_TENANT else tenant
