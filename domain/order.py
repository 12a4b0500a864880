"""R1: in which order grants are used.

A profile is data: the names of keys, each of which puts one grant before another. Its name and
version stand on every entry, so that an old entry can be explained after the order has changed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from domain.account import Grant
from domain.vocabulary import Category

_FIRST = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)

KEYS: dict[str, Callable[[Grant], Any]] = {
    "priority": lambda grant: grant.priority,
    "expiry": lambda grant: grant.expires_at or _NEVER,
    "promotional_first": lambda grant: grant.category is not Category.PROMOTIONAL,
    "effective": lambda grant: grant.effective_at or _FIRST,
    "scoped_first": lambda grant: not grant.scope,
    "fewest_products": lambda grant: (not grant.scope, len(grant.scope)),
    "larger_first": lambda grant: -grant.amount,
    "seq": lambda grant: grant.seq,
    "id": lambda grant: grant.grant,
}


@dataclass(frozen=True, slots=True)
class Profile:
    """A named, versioned order of use."""

    name: str
    version: int
    keys: tuple[str, ...]

    @property
    def label(self) -> str:
        """How an entry names the profile that it was decided by."""
        return f"{self.name}/{self.version}"

    def rank(self, grant: Grant) -> tuple[Any, ...]:
        """Sorts before the rank of every grant that is used later; no two are equal."""
        return tuple(KEYS[key](grant) for key in self.keys)


PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            "standard", 1, ("priority", "expiry", "promotional_first", "effective", "seq", "id")
        ),
        Profile("openmeter", 1, ("priority", "expiry", "seq", "id")),
        Profile("lago", 1, ("priority", "promotional_first", "seq", "id")),
        Profile("orb", 1, ("scoped_first", "expiry", "promotional_first", "seq", "id")),
        Profile(
            "metronome",
            1,
            (
                "priority",
                "promotional_first",
                "fewest_products",
                "expiry",
                "effective",
                "seq",
                "id",
            ),
        ),
        Profile("flexprice", 1, ("priority", "expiry", "larger_first", "seq", "id")),
        Profile("fifo", 1, ("seq", "id")),
    )
}
