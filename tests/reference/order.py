"""R1: which grant is used first; a tuple per profile, the smallest first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.reference.book import Account, Grant

NEVER = datetime.max.replace(tzinfo=UTC)
ALWAYS = datetime.min.replace(tzinfo=UTC)


def expiry(grant: Grant) -> datetime:
    return grant.expires_at or NEVER


def effective(grant: Grant) -> datetime:
    return grant.effective_at or ALWAYS


def paid(grant: Grant) -> bool:
    """False comes first: promotional before paid."""
    return grant.category == "paid"


def products(grant: Grant) -> tuple[bool, int]:
    """Fewest products first, unscoped last."""
    return not grant.scope, len(set(grant.scope))


PROFILES: dict[str, Callable[[Grant], tuple[Any, ...]]] = {
    "standard": lambda g: (g.priority, expiry(g), paid(g), effective(g), g.seq, g.id),
    "openmeter": lambda g: (g.priority, expiry(g), g.seq, g.id),
    "lago": lambda g: (g.priority, paid(g), g.seq, g.id),
    "orb": lambda g: (not g.scope, expiry(g), paid(g), g.seq, g.id),
    "metronome": lambda g: (
        g.priority,
        paid(g),
        products(g),
        expiry(g),
        effective(g),
        g.seq,
        g.id,
    ),
    "flexprice": lambda g: (g.priority, expiry(g), -g.amount, g.seq, g.id),
    "fifo": lambda g: (g.seq, g.id),
}


def in_order(account: Account, grants: list[Grant]) -> list[Grant]:
    return sorted(grants, key=PROFILES[account.tenant.settings.get("order", "standard")])
