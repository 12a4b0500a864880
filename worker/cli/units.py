"""How many decimals to print: a tenant's own units have as many as it has declared."""

from collections.abc import Collection

from sqlalchemy import Connection

from db.look_ups import settings_of
from domain.money import EXPONENTS

_known: dict[str, int] = {}


def know_units(connection: Connection, tenants: Collection[str]) -> None:
    """Whose units are printed from now on; those of several may differ, and so stay unknown."""
    _known.clear()
    if len(tenants) == 1:
        _known.update(settings_of(connection, *tenants).units)


def decimals_of(currency: str) -> int:
    """A currency's decimals; in a unit of tenants unknown amounts are printed as integers."""
    return EXPONENTS.get(currency, _known.get(currency, 0))
