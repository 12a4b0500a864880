"""What closings say, shown by adding up the entries again."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from domain.books import Books, Finding
from domain.closings import Closing, ClosingGrant
from domain.invariants_of_credit import COLUMNS
from domain.ledger import Entry

_PARTS = ("amount", "used", "expired", "voided", "moved")


class _Sums:
    """The entries so far."""

    def __init__(self, books: Books) -> None:
        self._category = {grant.grant: grant.category.value for grant in books.grants}
        self._sums = Counter[tuple[str | None, str, bool]]()
        self._went = defaultdict[str, Counter[str]](Counter)
        self._touched, self._open = set[str](), set[str]()
        self._since = 0

    def add(self, entry: Entry) -> None:
        (column, sign), back = COLUMNS[entry.kind], entry.cause.type == "writeoff.reverse"
        for grant, _, amount in entry.allocations:
            went = self._went[grant]
            went[column] += sign * amount
            category = self._category.get(grant)
            self._sums[category, entry.kind.value, back] += -amount if entry.amount < 0 else amount
            self._touched.add(grant)
            if went["amount"] > sum(went[name] for name in _PARTS[1:]):
                self._open.add(grant)
            else:
                self._open.discard(grant)

    def close(self, entry: Entry) -> tuple[Closing, dict[str, ClosingGrant]]:
        """What a closing behind this entry says; the next one begins here."""
        of = sorted(self._sums.items(), key=lambda one: (one[0][0] or "~", *one[0][1:]))
        sums: list[list[Any]] = [[*key, amount] for key, amount in of]
        seq, grants = entry.seq, len(self._went)
        told = Closing(
            seq, self._since, entry.recorded_at, entry.balance, grants, sorted(self._open), sums
        )
        lots = {
            grant: ClosingGrant(grant, seq, *(self._went[grant][name] for name in _PARTS))
            for grant in self._touched
        }
        self._touched, self._since = set(), seq
        return told, lots


def closings_add_up(books: Books) -> Iterator[Finding]:
    """I4: a closing says what the entries up to it come to, and so do its grants."""
    closings = {closing.seq: closing for closing in books.closings}
    lots = defaultdict[int, dict[str, ClosingGrant]](dict)
    for lot in books.closing_grants:
        lots[lot.seq][lot.grant] = lot
    if closings:
        sums = _Sums(books)
        for entry in books.entries:
            sums.add(entry)
            if entry.seq in closings:
                told, of_grants = sums.close(entry)
                stored = closings.pop(entry.seq), lots.pop(entry.seq, {})
                yield from _differences(*stored, told, of_grants)
    for seq in sorted(closings.keys() | lots.keys()):
        yield Finding(f"closing {seq}", "belongs to no entry, or is only a part of one")


def _differences(
    stored: Closing,
    lots: dict[str, ClosingGrant],
    told: Closing,
    of_grants: dict[str, ClosingGrant],
) -> Iterator[Finding]:
    for name in Closing._fields:
        if getattr(stored, name) != getattr(told, name):
            yield Finding(f"closing {told.seq}", f"{name} is not what the entries say")
    for grant in sorted(lots.keys() | of_grants.keys()):
        if lots.get(grant) != of_grants.get(grant):
            what = f"what it says of grant {grant} is not what the entries say"
            yield Finding(f"closing {told.seq}", what)
