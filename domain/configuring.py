"""account.configure, tenant.configure: what is wanted from the next message on."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any, Literal

from domain.account import Account
from domain.decision import Decision, Instants, refuse
from domain.fields import AmountOrZero, AmountsByCurrency, Decimals, Identifier, Seconds
from domain.messages import Body, Message
from domain.money import EXPONENTS
from domain.settings import AccountSettings, TenantSettings
from domain.vocabulary import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigureAccount(Body):
    """Settings of one account; what is not said stays."""

    auto_apply: bool | None = None
    apply_to_open_invoices: bool | None = None
    low_balance: AmountOrZero | None = None
    plan: Identifier | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigureTenant(Body):
    """Defaults for the tenant's accounts, and what holds for all of them."""

    auto_apply: bool | None = None
    apply_to_open_invoices: bool | None = None
    low_balance: AmountOrZero | None = None
    plan: Identifier | None = None
    order: (
        Literal["standard", "openmeter", "lago", "orb", "metronome", "flexprice", "fifo"] | None
    ) = None
    late_window: Seconds | None = None
    tolerances: Mapping[Identifier, AmountsByCurrency] | None = None
    units: Mapping[Identifier, Decimals] | None = None
    default_currency: Identifier | None = None

    def malformed(self) -> str | None:
        """A unit that is a currency already."""
        for unit in self.units or ():
            if unit in EXPONENTS:
                return f"data.units.{unit}: is a currency of ISO 4217, which has its own decimals"
        return None


def decide_account_settings(
    account: Account,
    message: Message,
    body: ConfigureAccount,
    at: Instants,
    settings: TenantSettings,
) -> Decision:
    """Takes effect from the next message on."""
    said = {f.name: getattr(body, f.name) for f in fields(AccountSettings)}
    return Decision(account=replace(account.settings, **_given(said)))


def decide_tenant_settings(
    account: Account,
    message: Message,
    body: ConfigureTenant,
    at: Instants,
    settings: TenantSettings,
) -> Decision:
    """A new version beside the old ones, which entries name; a unit's decimals never change."""
    units = dict(settings.units)
    for unit, decimals in (body.units or {}).items():
        if units.setdefault(unit, decimals) != decimals:
            return refuse(Refusal.ID_CONFLICT)
    said = {f.name: getattr(body, f.name) for f in fields(TenantSettings) if f.name != "version"}
    if body.late_window is not None:
        said["late_window"] = timedelta(seconds=body.late_window)
    said["units"] = units
    return Decision(tenant=replace(settings, version=settings.version + 1, **_given(said)))


def _given(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value is not None}
