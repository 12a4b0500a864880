"""What tenants have set."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, func, select

from db.tables_shared import tenants


def add_settings(engine: Engine, tenant: str, settings: Mapping[str, Any]) -> None:
    """Set what a tenant wants from now on; earlier versions are kept."""
    mine = select(func.coalesce(func.max(tenants.c.version), 0) + 1)
    with engine.begin() as connection:
        version = connection.execute(mine.where(tenants.c.tenant == tenant)).scalar_one()
        row = {"tenant": tenant, "version": version, "settings": dict(settings)}
        connection.execute(tenants.insert().values(row))
