"""A customer's accounts, and what to say when there are none."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from db import rows
from db.books import ACCOUNT, books_of
from db.tables import accounts
from db.tables_shared import tenants
from domain.books import Books
from domain.settings import TenantSettings

_NAMES_MAX = 2_000


def clock(connection: Connection) -> datetime:
    """The database's now, by which credit expires and everything is decided (I20)."""
    now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return now


def holdings(
    connection: Connection, tenant: str, customer: str, currency: str | None
) -> list[Books]:
    """The customer's accounts by currency, without their rows."""
    wanted = select(*ACCOUNT).where(accounts.c.tenant == tenant, accounts.c.customer == customer)
    if currency is not None:
        wanted = wanted.where(accounts.c.currency == currency)
    found = connection.execute(wanted.order_by(accounts.c.currency)).all()
    return [books_of(tuple(row)) for row in found]


def settings_of(connection: Connection, tenant: str) -> TenantSettings:
    """The newest version of what the tenant has set, or the defaults."""
    newest = select(tenants.c.version, tenants.c.settings).where(tenants.c.tenant == tenant)
    row = connection.execute(newest.order_by(tenants.c.version.desc()).limit(1)).one_or_none()
    return rows.settings_of(row[0], row[1]) if row else TenantSettings()


def names_like(connection: Connection, tenant: str, customer: str) -> list[str]:
    """Customers of the tenant whose names begin alike, as much alike as there are any."""
    for length in (len(customer) * 2 // 3, 1, 0):
        wanted = (
            select(accounts.c.customer)
            .where(accounts.c.tenant == tenant)
            .where(accounts.c.customer.startswith(customer[:length], autoescape=True))
            .order_by(accounts.c.customer)
            .limit(_NAMES_MAX)
        )
        found = list(dict.fromkeys(connection.execute(wanted).scalars()))
        if found:
            return found
    return []


def tenants_of(connection: Connection, customer: str, limit: int = 5) -> list[str]:
    """Some tenants that know a customer of this name; reads all accounts."""
    wanted = select(accounts.c.tenant).where(accounts.c.customer == customer)
    return sorted(set(connection.execute(wanted.limit(limit)).scalars()))
