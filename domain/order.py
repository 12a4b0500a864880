"""R1: in which order grants are used.

A profile is data: the names of keys, each of which puts one grant before another. Its name and
version stand on every entry, so that an old entry can be explained after the order has changed.
"""

from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

from domain.credit import Rank

KEYS: dict[str, str] = {
    "priority": "priority",
    "expiry": "ends",
    "promotional_first": "is_paid",
    "effective": "begins",
    "scoped_first": "is_unscoped",
    "fewest_products": "products",
    "larger_first": "smallness",
    "seq": "seq",
    "id": "grant",
}
"""What a profile may compare, and the attribute of a grant that says it."""


@dataclass(frozen=True)
class Profile:
    """A named, versioned order of use."""

    name: str
    version: int
    keys: tuple[str, ...]

    @property
    def label(self) -> str:
        """How an entry names the profile that it was decided by."""
        return f"{self.name}/{self.version}"

    @cached_property
    def rank(self) -> Rank:
        """Gives what sorts before that of every grant used later; no two are equal."""
        return attrgetter(*(KEYS[key] for key in self.keys))


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
