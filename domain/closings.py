"""Closings: what an account's entries came to at some of them. Nothing is decided by one."""

from datetime import datetime
from typing import Any, NamedTuple


class Closing(NamedTuple):
    """An account behind one of its entries; amounts in minor units."""

    seq: int
    """The entry."""
    since: int
    """The entry of the closing before; 0 for the first."""
    recorded_at: datetime
    balance: int
    grants: int
    """How many had come."""
    open_grants: list[str]
    """Those with something left."""
    sums: list[list[Any]]
    """What the entries so far did: category, kind, whether a write-off was taken back, amount."""


class ClosingGrant(NamedTuple):
    """What had become of a grant at the closing `seq`; only of one touched since that before."""

    grant: str
    seq: int
    amount: int
    used: int
    expired: int
    voided: int
    moved: int
