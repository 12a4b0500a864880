"""I8, the declared order of use, shown by reading the entries again.

After an entry that uses credit no grant may have anything free that should have gone before a grant
that was used. What messages asked for stands on their entries; an invoice's lines are only known
as they now are, so they are held against the entries since they last changed.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from domain.bill import Invoice
from domain.books import Asked, Books, Finding, asked_of, at_entry
from domain.credit import Allocation, Grant
from domain.holds import CAPTURE
from domain.kept import Hold
from domain.ledger import Entry
from domain.order import PROFILES
from domain.shelf import Shelf
from domain.vocabulary import SIGN, Kind

_PAYS_BY_ITSELF = frozenset({"invoice.created", "invoice.updated"})
_ARRIVAL = frozenset({Kind.GRANT, Kind.TRANSFER_IN})
_USES = frozenset({Kind.DEDUCTION, Kind.APPLICATION, Kind.TRANSFER_OUT})


def order_was_kept(books: Books) -> Iterator[Finding]:
    """I8: each entry used grants, and paid lines, in the order that it declares."""
    shelf = Shelf(books)
    bills = {invoice.invoice: _Bill(invoice) for invoice in books.invoices}
    holds = {kept.name: kept for kept in books.kept if isinstance(kept, Hold)}
    profiles = {profile.label: profile for profile in PROFILES.values()}
    came = _Came()
    for entry in books.entries:
        profile, bill = profiles.get(entry.order), bills.get(entry.invoice or "")
        if profile is None:
            yield at_entry(entry, f"there is no order of use {entry.order}")
            continue
        shelf.until(entry, profile)
        shelf.move(entry)
        came.note(entry)
        if bill is not None:
            bill.move(entry)
        if entry.kind not in _USES:
            continue
        if entry.cause.type == CAPTURE:
            yield from _captured_in_order(entry, holds)
        elif entry.kind is Kind.APPLICATION and bill is not None:
            yield from _application_in_order(entry, shelf, bill, came)
        else:
            yield from _deduction_in_order(entry, shelf)


class _Came:
    """Which grants came with the entries of one message."""

    def __init__(self) -> None:
        self._cause: Any = None
        self._grants: set[str] = set()

    def note(self, entry: Entry) -> None:
        """Take in an entry."""
        if entry.cause != self._cause:
            self._cause, self._grants = entry.cause, set()
        if entry.kind in _ARRIVAL:
            self._grants |= {allocation.grant for allocation in entry.allocations}

    def by(self, entry: Entry) -> frozenset[str] | None:
        """The grants that an entry may use where its message brought some (R11)."""
        return frozenset(self._grants) or None if entry.cause == self._cause else None


class _Bill:
    """What is unpaid of an invoice, by line."""

    def __init__(self, invoice: Invoice) -> None:
        self.due = invoice.amount_due
        self.revised = invoice.revised
        self.places: dict[str | None, int] = {None: 0}
        self.products: dict[str | None, str | None] = {None: None}
        self._unpaid: Counter[str | None] = Counter({None: invoice.amount_due})
        if invoice.lines:
            self.places = {line.id: place for place, line in enumerate(invoice.lines)}
            self.products = {line.id: line.product for line in invoice.lines}
            self._unpaid = Counter({line.id: line.amount for line in invoice.lines})

    def move(self, entry: Entry) -> None:
        """Take in what an entry paid or gave back."""
        if entry.kind in (Kind.APPLICATION, Kind.WRITEOFF_APPLICATION, Kind.REVERSAL):
            self.due += entry.amount
            for allocation in entry.allocations:
                self._unpaid[allocation.line] += SIGN[entry.kind] * allocation.amount

    def unpaid(self) -> list[str | None]:
        """The lines that something could still be paid of, in line order."""
        return [line for line in self.places if self._unpaid[line] > 0]

    def pays(self, grant: Grant, line: str | None, asked: Asked) -> bool:
        """R4: whether a grant may pay a line; one that is named may pay what has no lines."""
        return grant.pays(self.products[line]) or (line is None and asked.grant == grant.grant)


def _captured_in_order(entry: Entry, holds: dict[str, Hold]) -> Iterator[Finding]:
    """A capture uses what its hold reserved, lot by lot."""
    hold = holds.get(asked_of(entry).hold or "")
    lots = Counter({lot.grant: lot.amount for lot in hold.lots}) if hold else Counter[str]()
    order = list(lots)
    last = 0
    for allocation in entry.allocations:
        lots[allocation.grant] -= allocation.amount
        place = order.index(allocation.grant) if allocation.grant in order else -1
        if place < last or lots[allocation.grant] < 0:
            yield at_entry(entry, f"uses {allocation.grant} other than its hold reserved it")
        if any(lots[grant] > 0 for grant in order[:place]):
            yield at_entry(entry, f"uses {allocation.grant} before a lot that comes first")
        last = max(place, 0)


def _deduction_in_order(entry: Entry, shelf: Shelf) -> Iterator[Finding]:
    """Also what a transfer takes out, which looks at no scope."""
    asked, used = asked_of(entry), _used(entry, shelf)
    yield from _listed_in_order(entry, shelf, [shelf.rank(grant.grant) for _, grant in used])
    if asked.grant is not None:
        yield from _only_named(entry, {asked.grant})
        return
    any_scope = entry.kind is Kind.TRANSFER_OUT
    for _, grant in used:
        if not any_scope and not grant.pays(asked.product):
            yield at_entry(entry, f"{grant.grant} may not pay for {asked.product}")
    last = used[-1][1].grant if used else None
    for grant in shelf.free_before(last, entry.dated_at):
        if any_scope or grant.pays(asked.product):
            yield at_entry(entry, f"passed over {grant.grant}, which had credit left")


def _application_in_order(
    entry: Entry, shelf: Shelf, bill: _Bill, came: _Came
) -> Iterator[Finding]:
    asked, used = asked_of(entry), _used(entry, shelf)
    only = frozenset({asked.grant}) if asked.grant else came.by(entry)
    if only is not None:
        yield from _only_named(entry, only)
    if entry.seq <= bill.revised:
        yield from _listed_in_order(entry, shelf, [shelf.rank(g.grant) for _, g in used], same=True)
        return
    if any(a.line not in bill.places for a, _ in used):
        yield at_entry(entry, "it pays a line that its invoice does not have")
        return
    ranks = [(*shelf.rank(grant.grant), bill.places[a.line]) for a, grant in used]
    yield from _listed_in_order(entry, shelf, ranks)
    unpaid = bill.unpaid()
    for allocation, grant in used:
        if not bill.pays(grant, allocation.line, asked):
            yield at_entry(entry, f"{grant.grant} may not pay line {allocation.line}")
        for line in unpaid:
            before = bill.places[line] < bill.places[allocation.line]
            if before and bill.pays(grant, line, asked):
                yield at_entry(entry, f"{grant.grant} passed over line {line}")
    yield from _none_passed_over(entry, shelf, bill, only)


def _none_passed_over(
    entry: Entry, shelf: Shelf, bill: _Bill, only: frozenset[str] | None
) -> Iterator[Finding]:
    asked, used = asked_of(entry), _used(entry, shelf)
    last = used[-1][1].grant if used else None
    for grant in shelf.free_before(last, entry.dated_at):
        if only is not None and grant.grant not in only:
            continue
        rank = shelf.rank(grant.grant)
        later = [a for a, other in used if shelf.rank(other.grant) > rank]
        if any(bill.pays(grant, a.line, asked) for a in later):
            yield at_entry(entry, f"passed over {grant.grant}, which had credit left")
    if bill.due <= 0 or asked.amount is not None:
        return
    for grant in shelf.free_before(None, entry.dated_at):
        if only is not None and grant.grant not in only:
            continue
        if any(bill.pays(grant, line, asked) for line in bill.unpaid()):
            yield at_entry(entry, f"took nothing of {grant.grant}, though more was due")


def _used(entry: Entry, shelf: Shelf) -> list[tuple[Allocation, Grant]]:
    return [(a, shelf.grants[a.grant]) for a in entry.allocations if a.grant in shelf.grants]


def _only_named(entry: Entry, names: frozenset[str] | set[str]) -> Iterator[Finding]:
    for allocation in entry.allocations:
        if allocation.grant not in names:
            yield at_entry(entry, f"used {allocation.grant}, which its message did not name")


def _listed_in_order(
    entry: Entry, shelf: Shelf, ranks: Sequence[tuple[Any, ...]], *, same: bool = False
) -> Iterator[Finding]:
    for before, after in pairwise(ranks):
        if before > after or (before == after and not same):
            yield at_entry(entry, f"its allocations are not in the order {entry.order}")
    for _, grant in _used(entry, shelf):
        if not grant.begins <= entry.dated_at < grant.ends:
            yield at_entry(entry, f"used {grant.grant} before or after its time")
