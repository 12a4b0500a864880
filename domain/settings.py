"""What tenants and accounts have set, and which of the two counts (R5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """What was set for one account; None leaves it to the tenant."""

    auto_apply: bool | None = None
    apply_to_open_invoices: bool | None = None
    low_balance: int | None = None
    plan: str | None = None


NOTHING_SET = AccountSettings()


@dataclass(frozen=True, slots=True)
class TenantSettings:
    """A version of what a tenant has set; the defaults where it has set nothing."""

    version: int = 0
    auto_apply: bool = True
    apply_to_open_invoices: bool = False
    low_balance: int | None = None
    """Minor units; where available falls below it, `credit.balance_low` tells."""
    plan: str | None = None
    order: str = "standard"
    late_window: timedelta = timedelta(seconds=3_600)
    tolerances: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By plan and currency: the largest shortfall that is written off, in minor units (R19)."""
    units: Mapping[str, int] = field(default_factory=dict)
    """Currencies of the tenant's own, and their decimals."""
    default_currency: str | None = None


def first_set(*choices: bool | None) -> bool:
    """R5: the first that says something; the last one always does."""
    return bool(next(choice for choice in choices if choice is not None))
