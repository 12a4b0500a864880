"""The grants of an account as its entries go by: what each had left, free, and on which terms.

Read from the rows alone, for the checks of `invariants_of_order`: amendments and holds are placed
between the entries by the seqs that they keep.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from domain.books import Books
from domain.credit import Grant
from domain.kept import Hold
from domain.ledger import Entry
from domain.order import Profile
from domain.vocabulary import SIGN

Rank = tuple[Any, ...]


class Shelf:
    """The grants that have something left after each entry, in the order of use."""

    def __init__(self, books: Books) -> None:
        self.grants = {grant.grant: grant for grant in books.grants}
        for amendment in reversed(books.amendments):
            self.amend(amendment.grant, amendment.expires_before, amendment.priority_before)
        self._left = dict.fromkeys(self.grants, 0)
        self._held = dict.fromkeys(self.grants, 0)
        self._open: list[str] = []
        self._profile: Profile | None = None
        self._ranks: dict[str, Rank] = {}
        self._steps = sorted(_steps(self, books), key=lambda step: step[0])[::-1]

    def until(self, entry: Entry, profile: Profile) -> None:
        """Take in what came to pass before an entry, and sort by the order that it declares."""
        moved = False
        while self._steps and self._steps[-1][0] < entry.seq:
            self._steps.pop()[1]()
            moved = True
        if profile is not self._profile or moved:
            self._profile = profile
            self._ranks = {name: profile.rank(grant) for name, grant in self.grants.items()}
            self._open.sort(key=self.rank)

    def move(self, entry: Entry) -> None:
        """Take in what an entry moved."""
        for allocation in entry.allocations:
            name = allocation.grant
            if name not in self.grants:
                continue
            before = self._left[name]
            after = self._left[name] = before + SIGN[entry.kind] * allocation.amount
            if before <= 0 < after:
                insort(self._open, name, key=self.rank)
            elif after <= 0 < before:
                del self._open[bisect_left(self._open, self.rank(name), key=self.rank)]

    def rank(self, name: str) -> Rank:
        """Where a grant stands in the order of use."""
        return self._ranks[name]

    def free_before(self, last: str | None, at: datetime) -> Iterator[Grant]:
        """Grants with something free that could be used before `last`; all of them for None."""
        for name in self._open:
            if last is not None and self.rank(name) >= self.rank(last):
                return
            grant = self.grants[name]
            if grant.begins <= at < grant.ends and self._left[name] > self._held[name]:
                yield grant

    def hold(self, hold: Hold, sign: int) -> None:
        """Reserve a hold's lots (1), or let them go (-1)."""
        for lot in hold.lots:
            if lot.grant in self._held:
                self._held[lot.grant] += sign * lot.amount

    def amend(self, name: str, expires_at: datetime | None, priority: int) -> None:
        """Give a grant other terms."""
        if name in self.grants:
            self.grants[name] = replace(self.grants[name], expires_at=expires_at, priority=priority)


def _steps(shelf: Shelf, books: Books) -> Iterator[tuple[int, Callable[[], None]]]:
    """What lies between the entries, each with the seq that it comes behind."""
    for change in books.amendments:
        terms = change.grant, change.expires_at, change.priority
        yield change.seq, partial(shelf.amend, *terms)
    for kept in books.kept:
        if isinstance(kept, Hold):
            yield kept.since, partial(shelf.hold, kept, 1)
            if kept.until is not None:
                yield kept.until, partial(shelf.hold, kept, -1)
