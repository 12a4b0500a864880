"""Shapes that cost more than their size: each on top of the largest past."""

from __future__ import annotations

from collections.abc import Callable

from tests.benchmarks.growth_cases import Bench, Case, Side, say
from tests.benchmarks.growth_loads import (
    Load,
    drawn_from,
    grow,
    hoarder,
    long_invoices,
    with_share,
)
from tests.benchmarks.history import Past
from tests.benchmarks.installation import Installation
from tests.benchmarks.workload import TENANT

Shape = Callable[[Bench, Installation, Installation], None]


def hot(bench: Bench, big: Installation, empty: Installation) -> None:
    """One account, long already, has 10% of all messages."""
    entries = bench.options.hot_entries
    past = Past(entries=entries, accounts=0, on_one=entries, tenant=TENANT, prefix="long")
    grow(big.servers.database_url, [past], say)
    names = with_share(past.hot.customer, 10, bench.customers(max(bench.options.sizes)))
    bench.case(f"10% to one account of {entries:,} entries", big, empty, names)


def many(bench: Bench, big: Installation, empty: Installation) -> None:
    """Messages go to any of very many accounts, which have one entry each."""
    accounts = bench.options.accounts
    past = Past(entries=accounts, accounts=accounts, tenant=TENANT, prefix="one")
    grow(big.servers.database_url, [past], say)
    names = drawn_from([past], bench.seed, accounts)
    bench.case(f"{accounts:,} accounts", big, empty, names, accounts)


def hoard(bench: Bench, big: Installation, empty: Installation) -> None:
    """One account has very many open grants, and 1% of all messages."""
    grants = bench.options.open_grants
    customer = hoarder(big.servers.database_url, grants)
    names = with_share(customer, 100, bench.customers(max(bench.options.sizes)))
    bench.case(f"1% to one account with {grants:,} open grants", big, empty, names)


def lines(bench: Bench, big: Installation, empty: Installation) -> None:
    """Nothing but invoices of very many lines, each with a grant before it that pays them all."""
    options = bench.options
    note = f"{options.lines:,} lines in every second message"
    case = Case(f"invoices of {options.lines:,} lines", Side(big), Side(empty), note)
    each = [(case.here, bench.customers(max(options.sizes))), (case.empty, bench.ordinary)]
    for number in range(options.rounds + (not options.quick)):
        for side, names in each:
            messages = long_invoices(options.invoices, options.lines, names)
            side.round(messages, counts=number > 0 or options.quick)
    bench.add(case)


def unread(bench: Bench, big: Installation, empty: Installation) -> None:
    """Messages in front of a backlog of very many, beside as many alone. Leaves the backlog."""
    del big
    options, size, names = bench.options, bench.options.messages, bench.ordinary
    bench.seed += 1
    load = Load(options.unread + size, bench.seed, bench.active)
    case = Case(f"{options.unread:,} unread", Side(empty), Side(empty))
    case.empty.round(load.messages(0, size, names))
    behind = load.messages(2 * size, None, names)
    case.here.round(load.messages(size, 2 * size, names), behind=behind)
    waits = options.unread / case.here.rates[0]
    case.note = f"a message behind them waits {waits:,.0f} s"
    bench.add(case)


SHAPES: dict[str, Shape] = {shape.__name__: shape for shape in (hot, many, hoard, lines, unread)}
