"""What goes wrong, how often, and how often it did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from random import Random


@dataclass(frozen=True)
class Rates:
    """The chance of each fault at one port call, or at one commit."""

    crash: float = 0.004
    not_done: float = 0.006
    lost_reply: float = 0.006
    stop: float = 0.002
    clock_jump: float = 0.001
    commit_not_applied: float = 0.01
    commit_unanswered: float = 0.01
    commit_late: float = 0.01

    def times(self, factor: float) -> Rates:
        """The same mixture, calmer or stormier."""
        return Rates(*(getattr(self, field.name) * factor for field in fields(self)))


AT_CALLS = ("crash", "not_done", "lost_reply", "stop", "clock_jump")
AT_COMMITS = ("commit_not_applied", "commit_unanswered", "commit_late")


class Faults:
    """Draws faults until they are healed."""

    def __init__(self, random: Random, rates: Rates) -> None:
        self._random = random
        self._calls = [(name, getattr(rates, name)) for name in AT_CALLS]
        self._commits = [(name, getattr(rates, name)) for name in AT_COMMITS]
        self.counts: Counter[str] = Counter()
        self.healed = False

    def at_call(self) -> str | None:
        """The fault of one port call, usually none."""
        return self._draw(self._calls)

    def at_commit(self) -> str | None:
        """The fault of one commit, usually none."""
        return self._draw(self._commits)

    def chance(self, name: str, chance: float) -> bool:
        """Whether one certain thing goes wrong now."""
        struck = not self.healed and self._random.random() < chance
        self.counts[name] += struck
        return struck

    def _draw(self, rates: list[tuple[str, float]]) -> str | None:
        if self.healed:
            return None
        drawn = self._random.random()
        for name, rate in rates:
            if drawn < rate:
                self.counts[name] += 1
                return name
            drawn -= rate
        return None
