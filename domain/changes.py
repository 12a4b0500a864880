"""What a batch of messages may touch, and what it has changed."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from domain.account import Account
from domain.bill import Invoice
from domain.credit import Grant
from domain.identity import Id128
from domain.kept import Amendment, Kept
from domain.ledger import Entry, Occasion, Receipt
from domain.messages import Message
from domain.settings import TenantSettings


class Key(NamedTuple):
    """What a message is known by: once, and for ever (R20)."""

    account_id: Id128
    source: str
    id: str


@dataclass(slots=True)
class State:
    """All that a batch of messages can touch, as loaded under the accounts' locks."""

    now: datetime
    accounts: dict[Id128, Account]
    receipts: dict[Key, Receipt] = field(default_factory=dict)
    settings: dict[str, TenantSettings] = field(default_factory=dict)

    def settings_of(self, account: Account) -> TenantSettings:
        """The tenant's settings, or the defaults."""
        return self.settings.get(account.key.tenant) or _DEFAULTS


_DEFAULTS = TenantSettings()


class Amended(NamedTuple):
    """An amendment, whose it is, and how it came about."""

    account_id: Id128
    amendment: Amendment
    occasion: Occasion


@dataclass(slots=True)
class Changes:
    """All that a batch writes, in the order it came about."""

    now: datetime
    accounts: dict[Id128, Account] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    new_grants: dict[tuple[Id128, str], Grant] = field(default_factory=dict)
    grants: dict[tuple[Id128, str], Grant] = field(default_factory=dict)
    new_invoices: dict[tuple[Id128, str], Invoice] = field(default_factory=dict)
    invoices: dict[tuple[Id128, str], Invoice] = field(default_factory=dict)
    kept: dict[tuple[type, Id128, str | int], Kept] = field(default_factory=dict)
    amended: list[Amended] = field(default_factory=list)
    announced: list[tuple[Id128, str]] = field(default_factory=list)
    """Grants whose end `grant.expiring` has told of."""
    configured: dict[Id128, Account] = field(default_factory=dict)
    """Accounts whose settings have changed."""
    tenants: list[tuple[str, TenantSettings]] = field(default_factory=list)
    """New versions of tenants' settings."""
    receipts: dict[Key, Receipt] = field(default_factory=dict)
    seen_again: dict[Key, Receipt] = field(default_factory=dict)
    """Receipts of earlier batches whose counters have risen."""
    conflicts: list[Message] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
