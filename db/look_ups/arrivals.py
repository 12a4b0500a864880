"""Grants by the entries that brought them: those come seldom, and an index leads to them."""

from sqlalchemy import Connection, func, select

from db.books import entry_of
from db.look_ups.closings import closing_by
from db.look_ups.portions import Span, page_of
from db.tables import SELDOM, entries, grants
from domain.identity import Id128
from domain.vocabulary import ARRIVALS


def grants_before(
    connection: Connection, account_id: Id128, before: int, number: int
) -> tuple[list[str], int | None]:
    """The grants that the newest so many entries before a seq brought.

    Also the seq before which others were brought; None when these are all.
    """
    span = Span(account_id, 1, before - 1, ARRIVALS)
    rows = connection.execute(page_of(span, span.first, span.last, number + 1))
    found = [entry_of(tuple(row)) for row in rows]
    cursor = found[number - 1].seq if len(found) > number else None
    return [lot.grant for entry in found[:number] for lot in entry.allocations], cursor


def count_grants(connection: Connection, account_id: Id128, newest: int) -> int:
    """How many grants an account has had; `newest` is its newest entry.

    The newest closing knows how many had come, and the entries behind it bring the others.
    """
    start = closing_by(connection, account_id, newest)
    if not start.seq:
        wanted = select(func.count()).select_from(grants).where(grants.c.account_id == account_id)
        return connection.execute(wanted).scalar_one()
    lots = func.coalesce(func.sum(func.jsonb_array_length(entries.c.allocations)), 0)
    behind = select(lots).where(
        entries.c.account_id == account_id,
        entries.c.seq.between(start.seq + 1, newest),
        entries.c.kind.in_(ARRIVALS),
        SELDOM,
    )
    return start.grants + int(connection.execute(behind).scalar_one())
