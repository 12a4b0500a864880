"""I8, the declared order of use, shown by reading the entries again.

After an application or deduction no grant may have credit left that should have gone before a grant
that was used. That is checked on what each grant has left by the entries so far; the grants' terms
and the invoices' lines are taken as they now stand.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from domain.account import Allocation, Grant, Invoice
from domain.books import Books, Finding, at_entry
from domain.ledger import Entry
from domain.order import PROFILES, Profile
from domain.vocabulary import SIGN, Kind

_TAKES_ALL_IT_CAN = "invoice.created"


def order_was_kept(books: Books) -> Iterator[Finding]:
    """I8: each entry used grants, and paid lines, in the order that it declares."""
    shelf = _Shelf(books.grants)
    bills = {invoice.invoice: _Bill(invoice) for invoice in books.invoices}
    profiles = {profile.label: profile for profile in PROFILES.values()}
    for entry in books.entries:
        profile, bill = profiles.get(entry.order), bills.get(entry.invoice or "")
        if profile is None:
            yield at_entry(entry, f"there is no order of use {entry.order}")
            continue
        shelf.move(entry, profile)
        if bill is not None:
            bill.move(entry)
        if entry.kind is Kind.DEDUCTION:
            yield from _deduction_in_order(entry, shelf)
        elif entry.kind is Kind.APPLICATION and bill is not None:
            yield from _application_in_order(entry, shelf, bill)


class _Shelf:
    """The grants that have something left after each entry, in the order of use."""

    def __init__(self, grants: Sequence[Grant]) -> None:
        self.grants = {grant.grant: grant for grant in grants}
        self._left = dict.fromkeys(self.grants, 0)
        self._open: list[Grant] = []
        self._profile: Profile | None = None
        self._ranks: dict[str, tuple[Any, ...]] = {}

    def move(self, entry: Entry, profile: Profile) -> None:
        """Take in what an entry moved, under the order that it declares."""
        if profile is not self._profile:
            self._profile = profile
            self._ranks = {name: profile.rank(grant) for name, grant in self.grants.items()}
            self._open.sort(key=self.rank)
        for allocation in entry.allocations:
            grant = self.grants.get(allocation.grant)
            if grant is None:
                continue
            before = self._left[grant.grant]
            after = self._left[grant.grant] = before + SIGN[entry.kind] * allocation.amount
            if before <= 0 < after:
                insort(self._open, grant, key=self.rank)
            elif after <= 0 < before:
                del self._open[bisect_left(self._open, self.rank(grant), key=self.rank)]

    def rank(self, grant: Grant) -> tuple[Any, ...]:
        """Where a grant stands in the order of use."""
        return self._ranks[grant.grant]

    def left_before(self, last: Grant | None, at: datetime) -> Iterator[Grant]:
        """Grants with credit left that could be used before `last`; all of them for None."""
        for grant in self._open:
            if last is not None and self.rank(grant) >= self.rank(last):
                return
            if _in_time(grant, at):
                yield grant


class _Bill:
    """What is unpaid of an invoice, by line."""

    def __init__(self, invoice: Invoice) -> None:
        self.due = invoice.amount_due
        self.places = {line.id: place for place, line in enumerate(invoice.lines)}
        self.products = {line.id: line.product for line in invoice.lines}
        self._unpaid = Counter({line.id: line.amount for line in invoice.lines})
        if not invoice.lines:
            self.places, self.products = {None: 0}, {None: None}
            self._unpaid = Counter({None: invoice.amount_due})

    def move(self, entry: Entry) -> None:
        """Take in what an entry paid or gave back."""
        if entry.kind in (Kind.APPLICATION, Kind.REVERSAL):
            self.due += entry.amount
            for allocation in entry.allocations:
                self._unpaid[allocation.line] += SIGN[entry.kind] * allocation.amount

    def unpaid(self) -> list[str | None]:
        """The lines that something could still be paid of, in line order."""
        return [line for line in self.places if self._unpaid[line] > 0]


def _in_time(grant: Grant, at: datetime) -> bool:
    begun = grant.effective_at is None or grant.effective_at <= at
    return begun and (grant.expires_at is None or at < grant.expires_at)


def _used(entry: Entry, shelf: _Shelf) -> list[tuple[Allocation, Grant]]:
    return [(a, shelf.grants[a.grant]) for a in entry.allocations if a.grant in shelf.grants]


def _deduction_in_order(entry: Entry, shelf: _Shelf) -> Iterator[Finding]:
    """An entry does not tell whether its message named a grant, or which product.

    With two grants it named none, and the product is in all their scopes; one may have been named.
    """
    used = _used(entry, shelf)
    yield from _listed_in_order(entry, shelf, [shelf.rank(grant) for _, grant in used])
    if len(used) < 2:
        return
    scopes = [frozenset[str | None](grant.scope) for _, grant in used if grant.scope]
    products = frozenset.intersection(*scopes) if scopes else frozenset({None})
    if not products:
        yield at_entry(entry, "no product is in the scopes of all the grants it used")
    for grant in shelf.left_before(used[-1][1], entry.dated_at):
        if all(grant.pays(product) for product in products):
            yield at_entry(entry, f"passed over {grant.grant}, which had credit left")


def _application_in_order(entry: Entry, shelf: _Shelf, bill: _Bill) -> Iterator[Finding]:
    used = [(a, grant) for a, grant in _used(entry, shelf) if a.line in bill.places]
    if len(used) < len(entry.allocations):
        yield at_entry(entry, "it pays a line that its invoice does not have")
    ranks = [(*shelf.rank(grant), bill.places[a.line]) for a, grant in used]
    yield from _listed_in_order(entry, shelf, ranks)
    unpaid = bill.unpaid()
    for allocation, grant in used:
        product, place = bill.products[allocation.line], bill.places[allocation.line]
        if not grant.pays(product):
            yield at_entry(entry, f"{grant.grant} may not pay for {product}")
        for line in unpaid:
            if bill.places[line] < place and grant.pays(bill.products[line]):
                yield at_entry(entry, f"{grant.grant} passed over line {line}")
    last = max((grant for _, grant in used), key=shelf.rank, default=None)
    for grant in shelf.left_before(last, entry.dated_at):
        later = (a for a, other in used if shelf.rank(other) > shelf.rank(grant))
        if any(grant.pays(bill.products[a.line]) for a in later):
            yield at_entry(entry, f"passed over {grant.grant}, which had credit left")
    if entry.cause.type == _TAKES_ALL_IT_CAN and bill.due > 0:
        for grant in shelf.left_before(None, entry.dated_at):
            if any(grant.pays(bill.products[line]) for line in unpaid):
                yield at_entry(entry, f"took nothing of {grant.grant}, though more was due")


def _listed_in_order(
    entry: Entry, shelf: _Shelf, ranks: Sequence[tuple[Any, ...]]
) -> Iterator[Finding]:
    for before, after in pairwise(ranks):
        if before >= after:
            yield at_entry(entry, f"its allocations are not in the order {entry.order}")
    for allocation, grant in _used(entry, shelf):
        if not _in_time(grant, entry.dated_at):
            yield at_entry(entry, f"used {allocation.grant} before or after its time")
