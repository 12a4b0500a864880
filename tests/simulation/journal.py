"""What was committed, in the order of the commits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from domain.changes import Changes, Key
from domain.identity import AccountKey, Id128
from domain.ledger import Entry
from domain.settings import TenantSettings
from domain.transfers import SOURCE as TRANSFER


class Committed(NamedTuple):
    """One transaction: messages that were decided, or an expiry run."""

    now: datetime
    decided: tuple[Key, ...]
    """The messages that came for the first time, in order; not what arrived by transfers."""
    expired: Mapping[Id128, AccountKey]
    """The accounts of an expiry run."""
    settings: Mapping[str, TenantSettings]
    """The tenants' settings as the transaction has read them."""
    entries: tuple[Entry, ...]

    @classmethod
    def of(
        cls,
        changes: Changes,
        expired: Mapping[Id128, AccountKey],
        settings: Mapping[str, TenantSettings],
    ) -> Committed:
        """What will have come to pass when the changes are committed."""
        decided = tuple(key for key in changes.receipts if key.source != TRANSFER)
        return cls(changes.now, decided, expired, settings, tuple(changes.entries))
