"""The promises about time, shown by reading the entries again."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from domain.books import Books, Finding, asked_of, at_entry
from domain.credit import Allocation
from domain.expiry import TYPE as EXPIRY_TYPE
from domain.holds import CAPTURE
from domain.kept import Amendment, Hold
from domain.ledger import Entry
from domain.vocabulary import Kind

_SPENDING = frozenset({Kind.APPLICATION, Kind.DEDUCTION, Kind.TRANSFER_OUT})


def expiry_is_final(books: Books) -> Iterator[Finding]:
    """I14: nothing is used from expires_at on, nothing expires twice or at another instant."""
    terms = Terms(books)
    expired: set[str] = set()
    returned: Entry | None = None
    freed = _freed(books)
    holds = {kept.name: kept for kept in books.kept if isinstance(kept, Hold)}
    for entry in books.entries:
        while freed and freed[-1][0] < entry.seq:
            expired -= {lot.grant for lot in freed.pop()[1].lots}
        if entry.cause.type == CAPTURE and entry.kind in _SPENDING:
            yield from _captured_in_time(entry, holds.get(asked_of(entry).hold or ""))
        if entry.kind is Kind.REVERSAL:
            returned = entry
            expired -= {allocation.grant for allocation in entry.allocations}
        for allocation in entry.allocations:
            end = terms.end(allocation.grant, entry.seq)
            if _spends(entry) and end is not None and entry.dated_at >= end:
                yield at_entry(entry, f"uses {allocation.grant}, which had expired")
            if entry.kind is not Kind.EXPIRY:
                continue
            if entry.cause.type != EXPIRY_TYPE:
                yield from _expired_on_return(entry, allocation, end, returned)
                continue
            if entry.dated_at != end:
                yield at_entry(entry, f"{allocation.grant} expires at {end}, not {entry.dated_at}")
            if allocation.grant in expired:
                yield at_entry(entry, f"{allocation.grant} expires for the second time")
            expired.add(allocation.grant)


def _captured_in_time(entry: Entry, hold: Hold | None) -> Iterator[Finding]:
    if hold is None:
        yield at_entry(entry, "captures a hold that there is not")
    elif entry.dated_at >= hold.ends:
        yield at_entry(entry, f"captures {hold.name}, whose time was over")


def _freed(books: Books) -> list[tuple[int, Hold]]:
    """The holds that have ended, behind which entry each, the first one last."""
    holds = (kept for kept in books.kept if isinstance(kept, Hold))
    ended = [(hold.until, hold) for hold in holds if hold.until is not None]
    return sorted(ended, key=lambda found: -found[0])


def _spends(entry: Entry) -> bool:
    """Whether it uses credit that no hold had reserved before."""
    return entry.kind in _SPENDING and entry.cause.type != CAPTURE


class Terms:
    """When each grant ended, as of an entry: amendments change it (R15)."""

    def __init__(self, books: Books) -> None:
        self._ends = {grant.grant: grant.expires_at for grant in books.grants}
        self._before: defaultdict[str, list[Amendment]] = defaultdict(list)
        for amendment in books.amendments:
            self._before[amendment.grant].append(amendment)

    def end(self, grant: str, seq: int) -> datetime | None:
        """A grant's expires_at when the entry of this seq was written."""
        for amendment in self._before.get(grant, ()):
            if amendment.seq >= seq:
                return amendment.expires_before
        return self._ends.get(grant)


def _expired_on_return(
    entry: Entry, allocation: Allocation, end: datetime | None, returned: Entry | None
) -> Iterator[Finding]:
    """What expires with a message came back by it."""
    if end is None or entry.dated_at < end:
        yield at_entry(entry, f"{allocation.grant} expires before its time")
    if returned is None or returned.cause != entry.cause or allocation not in returned.allocations:
        yield at_entry(entry, f"{allocation.grant} expires, but its message returned nothing to it")
