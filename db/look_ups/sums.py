"""What credit came to and where it went, as sums over all accounts of a period.

Three tables say it independently: the entries' allocations, what the grants have left, and the
balances. `scrip reconcile` lays them side by side. A closing stands for entries that need not be
read; that it is their sum is for `scrip verify` to show (I4).
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Select,
    case,
    column,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.selectable import LateralFromClause

from db.books import Snapshot
from db.history import versions
from db.look_ups.closings import newest_before, next_behind
from db.look_ups.cuts import cuts_of, spans_of, sums_of_closings
from db.look_ups.periods import By, Period
from db.tables import accounts, entries, grants
from domain.money import EXPONENTS
from domain.vocabulary import Kind


class Moved(NamedTuple):
    """What entries of one kind did to the credit of one category; signed minor units."""

    currency: str
    category: str | None
    """None where the grant that an entry names is not there."""
    kind: Kind
    of_writeoff: bool
    """Whether the entry takes a write-off back."""
    before: int
    within: int
    after: int


class Balances(NamedTuple):
    """Sums of account balances in one currency; minor units."""

    currency: str
    now: int
    opening: int | None
    """By the ledger's running balances, which only follow `recorded_at`."""
    closing: int | None


def moved(seen: Snapshot, period: Period) -> Iterator[Moved]:
    """Every movement, from the allocations of the entries, in no order and some in parts.

    By `recorded_at`, what lies between an account's closings is taken from them; only the entries
    around the period's edges and behind the newest closing are read.
    """
    cuts = cuts_of(period)
    for wanted in (*sums_of_closings(period, cuts), _sums_of_entries(period, cuts)):
        for currency, category, kind, of_writeoff, *parts in seen.stream(wanted):
            yield Moved(currency, category, Kind(kind), of_writeoff, *map(int, parts))


def _sums_of_entries(period: Period, cuts: CTE) -> Select[Any]:
    spans, lots = spans_of(period, cuts), _lots()
    amount = lots.c.lot[2].astext.cast(BigInteger)
    signed = case((entries.c.amount < 0, -amount), else_=amount)
    # A query for each, not a join: an account may have very many grants, and a key finds its one.
    category = (
        select(grants.c.category)
        .where(grants.c.account_id == entries.c.account_id)
        .where(grants.c.grant_id == lots.c.lot[0].astext)
        .correlate(entries, lots)
        .scalar_subquery()
    )
    back = entries.c.cause_type == "writeoff.reverse"
    sides = (period.is_before, period.is_within, period.is_after)
    each = (
        select(
            category.label("category"),
            entries.c.kind,
            back.label("back"),
            *(case((side, signed), else_=0).label(f"part{n}") for n, side in enumerate(sides)),
        )
        .join_from(entries, lots, literal(value=True))
        .where(entries.c.account_id == spans.c.account_id)
        .where(entries.c.seq.between(spans.c.first, spans.c.last))
    )
    if period.customer is not None:
        each = each.offset(0)  # keeps it a question to each span, and not a reading of all entries
    found = each.lateral("found")
    groups = (spans.c.currency, found.c.category, found.c.kind, found.c.back)
    sums = (func.sum(found.c[f"part{n}"]) for n in range(len(sides)))
    return select(*groups, *sums).join_from(spans, found, literal(value=True)).group_by(*groups)


def remaining(seen: Snapshot, period: Period) -> dict[tuple[str, str | None], int]:
    """What the grants have left now, by currency and category; minor units."""
    groups = (accounts.c.currency, grants.c.category)
    wanted = (
        select(*groups, func.sum(grants.c.remaining))
        .join_from(accounts, grants, accounts.c.account_id == grants.c.account_id)
        .where(grants.c.is_open)
        .group_by(*groups)
    )
    rows = seen.stream(period.of_accounts(wanted))
    return {(currency, category): int(left) for currency, category, left in rows}


def balances(seen: Snapshot, period: Period) -> list[Balances]:
    """The accounts' balances, by currency."""
    edges = (period.first, period.end) if period.by is By.RECORDED else (None, None)
    wanted = select(
        accounts.c.currency,
        func.sum(accounts.c.balance),
        *(_balances_before(edge) for edge in edges),
    )
    rows = seen.stream(period.of_accounts(wanted).group_by(accounts.c.currency))
    return [
        Balances(currency, int(now), *(None if sum_ is None else int(sum_) for sum_ in then))
        for currency, now, *then in sorted(rows)
    ]


def decimals_of(seen: Snapshot, tenant: str) -> Mapping[str, int]:
    """Every currency's decimals, the units of the tenant's own among them."""
    newest = {version.tenant: version.settings for version in versions(seen)}.get(tenant)
    return {**EXPONENTS, **(newest.units if newest is not None else {})}


def _lots() -> LateralFromClause:
    """The allocations of an entry, a row each."""
    each = func.jsonb_array_elements(entries.c.allocations)
    return each.table_valued(column("lot", JSONB), name="lots").render_derived().lateral()


def _balances_before(edge: Any) -> ColumnElement[Any]:
    """The sum of what each account's newest entry before an instant leaves."""
    if edge is None:
        return literal(None)
    closed = newest_before(accounts.c.account_id, edge)
    newest = (
        select(entries.c.balance)
        .where(entries.c.account_id == accounts.c.account_id, entries.c.recorded_at < edge)
        .where(entries.c.seq.between(closed, next_behind(accounts.c.account_id, closed)))
        .order_by(entries.c.seq.desc())
        .limit(1)
    )
    return func.coalesce(func.sum(newest.scalar_subquery()), 0)
