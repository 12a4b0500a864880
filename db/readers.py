"""Who may read which tenants in SQL: the views, and the functions that show one of their rows, look
into `reader_tenants` at every query.

Only the schema's owner changes it. A login that is bound to no tenant sees no row.
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, delete, select, text
from sqlalchemy.dialects.postgresql import insert

from db.roles import FINDER, READER
from db.tables_shared import reader_tenants

EVERY_TENANT = "*"

_LOGIN = """
SELECT pg_has_role(oid, CAST(:reader AS name), 'MEMBER')
       OR pg_has_role(oid, CAST(:finder AS name), 'MEMBER') AS may_read,
       has_table_privilege(oid, 'accounts', 'SELECT') AS sees_all
FROM pg_roles WHERE rolname = :login
"""


class Login(NamedTuple):
    """What a login may read, whatever it is bound to."""

    may_read: bool
    """Whether it may read the views, or call the functions that show one row of them."""
    sees_all: bool
    """Whether it may read the tables behind them, so that binding it would keep it from nothing."""


def login_of(connection: Connection, login: str) -> Login | None:
    """None when the server has no role of this name."""
    groups = {"reader": READER, "finder": FINDER}
    row = connection.execute(text(_LOGIN), {**groups, "login": login}).one_or_none()
    return Login(*row) if row is not None else None


def bind(connection: Connection, login: str, tenants: Collection[str]) -> None:
    """Let a login read these tenants too; `EVERY_TENANT` is all there are and will be."""
    rows = [{"reader": login, "tenant": tenant} for tenant in tenants]
    connection.execute(insert(reader_tenants).values(rows).on_conflict_do_nothing())


def unbind(connection: Connection, login: str, tenants: Collection[str]) -> int:
    """Take these tenants from a login, or all when none is named; returns how many it had."""
    of_login = delete(reader_tenants).where(reader_tenants.c.reader == login)
    if tenants:
        of_login = of_login.where(reader_tenants.c.tenant.in_(tenants))
    return connection.execute(of_login).rowcount


def bound(connection: Connection) -> Iterator[tuple[str, str]]:
    """Every login with every tenant that it may read, sorted."""
    columns = (reader_tenants.c.reader, reader_tenants.c.tenant)
    for row in connection.execute(select(*columns).order_by(*columns)):
        yield row[0], row[1]
