"""Books in memory as the accounting reads them: a reference that looks at every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from db.look_ups import Balances, By, Moved
from domain.books import Books
from domain.ledger import Entry
from domain.vocabulary import SIGN, Kind
from worker.accounting.chart import Chart, default_chart
from worker.accounting.reconciling import Summary, summaries
from worker.accounting.transactions import Transaction, transaction_of
from worker.state import Data

CHART = default_chart()


def transactions(
    books: Books,
    chart: Chart = CHART,
    by: By = By.RECORDED,
    decimals: int = 2,
    items: Mapping[str, Sequence[Data]] | None = None,
) -> Iterator[Transaction]:
    """An account's entries, booked; `items` are the line items of its grants."""
    categories = {grant.grant: grant.category.value for grant in books.grants}
    for entry in books.entries:
        new = items if items is not None and entry.kind is Kind.GRANT else {}
        lots = [(categories[lot.grant], new.get(lot.grant)) for lot in entry.allocations]
        yield transaction_of(books.key, entry, lots, chart, decimals, by)


def summary(
    accounts: Iterable[Books], first: datetime | None, end: datetime | None, by: By = By.RECORDED
) -> list[Summary]:
    """The credit summary of a tenant's accounts, counted row by row."""
    accounts = list(accounts)
    left, now = Counter[tuple[str, str | None]](), Counter[str]()
    running: dict[str, list[int | None]] = {}
    for books in accounts:
        currency = books.key.currency
        now[currency] += books.balance
        for grant in books.grants:
            left[currency, grant.category.value] += grant.remaining
        for place, edge in enumerate((first, end)):
            sums = running.setdefault(currency, [None, None])
            if edge is not None and by is By.RECORDED:
                sums[place] = (sums[place] or 0) + _running(books.entries, edge)
    moved = [row for books in accounts for row in _moved(books, first, end, by)]
    balances = [Balances(name, now[name], *running[name]) for name in sorted(now)]
    return summaries(moved, left, balances)


def _running(entries: Iterable[Entry], edge: datetime) -> int:
    return next((e.balance for e in reversed(list(entries)) if e.recorded_at < edge), 0)


def _moved(books: Books, first: datetime | None, end: datetime | None, by: By) -> Iterator[Moved]:
    categories = {grant.grant: grant.category.value for grant in books.grants}
    for entry in books.entries:
        at = entry.recorded_at if by is By.RECORDED else entry.dated_at
        is_before, is_after = first is not None and at < first, end is not None and at >= end
        for grant, _, amount in entry.allocations:
            signed = SIGN[entry.kind] * amount
            yield Moved(
                books.key.currency,
                categories[grant],
                entry.kind,
                entry.cause.type == "writeoff.reverse",
                before=signed if is_before else 0,
                within=0 if is_before or is_after else signed,
                after=signed if is_after and not is_before else 0,
            )
