"""The credit summary: opening + what came - what went = closing, and whether it does.

Three sources are laid side by side: the entries' allocations, what the grants have left, and the
ledger's running balances. Each says what there was at the end of the period, two of them also what
there was at its beginning.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from db.look_ups import Balances, Moved
from domain.vocabulary import Kind


class Line(StrEnum):
    """What credit came from or went to, as finance people read it."""

    ISSUED = "issued"
    RETURNED = "returned"
    APPLIED = "applied"
    DEDUCTED = "deducted"
    EXPIRED = "expired"
    VOIDED = "voided"
    MOVED_IN = "moved_in"
    MOVED_OUT = "moved_out"
    WRITEOFF_GRANTED = "writeoff_granted"
    WRITEOFF_APPLIED = "writeoff_applied"


_LINES = {
    Kind.GRANT: Line.ISSUED,
    Kind.REVERSAL: Line.RETURNED,
    Kind.APPLICATION: Line.APPLIED,
    Kind.DEDUCTION: Line.DEDUCTED,
    Kind.EXPIRY: Line.EXPIRED,
    Kind.VOID: Line.VOIDED,
    Kind.TRANSFER_IN: Line.MOVED_IN,
    Kind.TRANSFER_OUT: Line.MOVED_OUT,
    Kind.WRITEOFF_GRANT: Line.WRITEOFF_GRANTED,
    Kind.WRITEOFF_APPLICATION: Line.WRITEOFF_APPLIED,
}
_TAKEN_BACK = {Kind.REVERSAL: Line.WRITEOFF_APPLIED, Kind.VOID: Line.WRITEOFF_GRANTED}
"""A write-off that is taken back, and so lessens the lines that it stood on."""


@dataclass
class Part:
    """One category's credit, or all of it; signed minor units."""

    opening: int = 0
    lines: Counter[Line] = field(default_factory=Counter)
    after: int = 0
    left: int = 0
    """What the grants have left now."""

    @property
    def closing(self) -> int:
        """What the entries make of the opening."""
        return self.opening + sum(self.lines.values())

    @property
    def by_grants(self) -> int:
        """What the grants had left at the end: what they have now, less what came later."""
        return self.left - self.after

    @property
    def difference(self) -> int:
        """0 when the entries and the grants agree."""
        return self.closing - self.by_grants

    def add(self, other: "Part") -> None:
        """Make a total."""
        self.opening += other.opening
        self.lines.update(other.lines)
        self.after += other.after
        self.left += other.left


@dataclass
class Summary:
    """One currency."""

    currency: str
    parts: dict[str, Part]
    """By category; `unknown` where entries name grants that are not there."""
    balances: Balances

    @property
    def total(self) -> Part:
        """All categories together."""
        total = Part()
        for part in self.parts.values():
            total.add(part)
        return total

    @property
    def opening_by_balances(self) -> int:
        """From the running balances; without them, from those of now."""
        total, then = self.total, self.balances.opening
        moved = sum(total.lines.values()) + total.after
        return self.balances.now - moved if then is None else then

    @property
    def closing_by_balances(self) -> int:
        """The same at the end."""
        then = self.balances.closing
        return self.balances.now - self.total.after if then is None else then

    @property
    def differences(self) -> dict[str, int]:
        """All that must be 0."""
        total = self.total
        return {
            **{f"{category}_by_grants": part.difference for category, part in self.parts.items()},
            "opening_by_balances": total.opening - self.opening_by_balances,
            "closing_by_balances": total.closing - self.closing_by_balances,
        }

    @property
    def is_clean(self) -> bool:
        """Whether everything comes to zero."""
        return not any(self.differences.values())


def line_of(kind: Kind, *, of_writeoff: bool) -> Line:
    """Where entries of a kind stand; `of_writeoff` when they take a write-off back."""
    return _TAKEN_BACK[kind] if of_writeoff else _LINES[kind]


def summaries(
    moved: Iterable[Moved],
    remaining: Mapping[tuple[str, str | None], int],
    balances: Iterable[Balances],
) -> list[Summary]:
    """One for each currency, in the order of the balances; paid credit before promotional."""
    found = {row.currency: Summary(row.currency, {}, row) for row in balances}
    for (currency, category), left in sorted(remaining.items(), key=str):
        _part(found[currency], category).left += left
    for row in moved:
        part = _part(found[row.currency], row.category)
        part.opening += row.before
        part.lines[line_of(row.kind, of_writeoff=row.of_writeoff)] += row.within
        part.after += row.after
    for one in found.values():
        one.parts = dict(sorted(one.parts.items()))
    return list(found.values())


def _part(summary: Summary, category: str | None) -> Part:
    return summary.parts.setdefault(category or "unknown", Part())
