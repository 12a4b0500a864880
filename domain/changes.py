"""What a batch of messages may touch, and what it has changed."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from domain.account import Account, Grant, Invoice, TenantSettings
from domain.identity import Id128
from domain.ledger import Entry, Receipt
from domain.messages import Message


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
    receipts: dict[Key, Receipt] = field(default_factory=dict)
    seen_again: dict[Key, Receipt] = field(default_factory=dict)
    """Receipts of earlier batches whose counters have risen."""
    conflicts: list[Message] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
