"""The ledger of many accounts, a row at a time, with what the entries' grants say of them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, column, func, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from db.books import ENTRY, Snapshot, entry_of
from db.look_ups.periods import Period
from db.tables import accounts, entries, grants
from domain.identity import AccountKey
from domain.ledger import Entry
from domain.vocabulary import Kind


class Written(NamedTuple):
    """An entry; for each of its allocations the grant's category and, when new, its line items."""

    key: AccountKey
    entry: Entry
    lots: list[tuple[str | None, list[dict[str, Any]] | None]]
    """A category is None where the grant is not there."""


def written(seen: Snapshot, period: Period) -> Iterator[Written]:
    """The period's entries by customer and currency, each account's in the order of seq."""
    wanted = (
        select(accounts.c.customer, accounts.c.currency, _lots(), *ENTRY)
        .join_from(accounts, entries, accounts.c.account_id == entries.c.account_id)
        .where(period.is_within)
        .order_by(accounts.c.customer, accounts.c.currency, entries.c.seq)
    )
    for customer, currency, lots, *row in seen.stream(period.of_accounts(wanted)):
        key = AccountKey(period.tenant, customer, currency)
        yield Written(key, entry_of(tuple(row)), [tuple(lot or (None, None)) for lot in lots])


def count_written(seen: Snapshot, period: Period) -> int:
    """How many entries `written` yields."""
    wanted = (
        select(func.count())
        .join_from(accounts, entries, accounts.c.account_id == entries.c.account_id)
        .where(period.is_within)
    )
    ((number,),) = seen.stream(period.of_accounts(wanted))
    return int(number)


def _lots() -> ColumnElement[Any]:
    """[[category, line items], ...], one for each allocation and in their order."""
    lots = func.jsonb_array_elements(entries.c.allocations).table_valued(
        column("lot", JSONB), with_ordinality="place", name="lots"
    )
    lots = lots.render_derived()
    items = case((entries.c.kind == Kind.GRANT, grants.c.line_items))
    # A query for each, not a join: an account may have very many grants, and a key finds its one.
    said = (
        select(func.jsonb_build_array(grants.c.category, items))
        .where(grants.c.account_id == entries.c.account_id)
        .where(grants.c.grant_id == lots.c.lot[0].astext)
        .correlate(entries, lots)
        .scalar_subquery()
    )
    found = select(func.jsonb_agg(aggregate_order_by(said, lots.c.place)))
    return found.select_from(lots).correlate(entries).scalar_subquery()
