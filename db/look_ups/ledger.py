"""A customer's ledger by what people ask for.

Within an account `recorded_at` never goes back (R3): an instant is a place in the ledger, found by
halving. Rows are only ever added behind (I3, I10): the newest seq is a snapshot, and pages up to it
neither skip nor repeat a row while others arrive.
"""

import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select, text

from db.books import ENTRY, entry_of
from db.look_ups.grants import grants_with
from db.look_ups.portions import SCANNED_MAX, Span, is_numbered, page_of, scanned_until
from db.tables import accounts, entries, invoices
from domain.identity import Id128
from domain.ledger import Entry
from domain.vocabulary import Kind

__all__ = ["SCANNED_MAX", "Span"]

ROWS_AT_A_TIME = 1_000
"""Rows that are in memory at once, however many are asked for."""

FIRST_SINCE = """
WITH RECURSIVE halving (low, high) AS (
    SELECT 1::bigint, seq + 1 FROM accounts WHERE account_id = :account
    UNION ALL
    SELECT CASE WHEN middle.recorded_at < :instant THEN middle.seq + 1 ELSE low END,
           CASE WHEN middle.recorded_at < :instant THEN high ELSE middle.seq END
    FROM halving CROSS JOIN LATERAL (
        SELECT seq, recorded_at FROM entries
        WHERE account_id = :account AND seq = (low + high) / 2 LIMIT 1
    ) AS middle
    WHERE low < high
)
SELECT low FROM halving WHERE low = high
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which rows of a ledger: all that is asked for holds at once, None or empty asks nothing."""

    kinds: tuple[Kind, ...] = ()
    since: datetime | None = None
    """Recorded at this instant or later."""
    until: datetime | None = None
    """Recorded before this instant."""
    invoice: str | None = None
    reference: str | None = None
    """Touches a grant that has this reference number now."""
    tag: tuple[str, str | None] | None = None
    """Came with a tag of this key, and of this value unless it is None."""
    after: int | None = None
    before: int | None = None
    """Between these two seqs, without them."""


class Page(NamedTuple):
    """Some rows of a ledger; few or none where they are hard to find (`SCANNED_MAX`)."""

    entries: list[Entry]
    cursor: int | None
    """The seq behind which the rest of the span lies; None when nothing does."""


def span_of(connection: Connection, account_id: Id128, wanted: Wanted) -> Span:
    """Look up once what the filters come to; later rows are not in the span."""
    newest = select(accounts.c.seq).where(accounts.c.account_id == account_id)
    first, last, seqs, named = 1, connection.execute(newest).scalar_one(), None, None
    if wanted.since is not None:
        first = _first_since(connection, account_id, wanted.since)
    if wanted.until is not None:
        last = min(last, _first_since(connection, account_id, wanted.until) - 1)
    if wanted.after is not None:
        first = max(first, wanted.after + 1)
    if wanted.before is not None:
        last = min(last, wanted.before - 1)
    if wanted.invoice is not None:
        seqs = tuple(
            seq for seq in _seqs_of(connection, account_id, wanted.invoice) if first <= seq <= last
        )
    if wanted.reference is not None:
        found = grants_with(connection, account_id, wanted.reference)
        named, first = tuple(found), max(first, min(found.values(), default=last + 1))
    if seqs == ():
        last = first - 1
    return Span(account_id, first, last, wanted.kinds, wanted.tag, seqs, named)


def rows_of(
    connection: Connection, span: Span, limit: int | None = None, *, oldest_first: bool = False
) -> Iterator[Entry]:
    """At most so many of the rows, the newest first unless told otherwise; a portion in memory.

    No transaction stays open between two portions, so a slow reader holds nothing.
    """
    left = sys.maxsize if limit is None else limit
    while span.first <= span.last and left > 0:
        found, cursor = page(connection, span, min(left, ROWS_AT_A_TIME), oldest_first=oldest_first)
        connection.rollback()
        yield from found
        if cursor is None:
            return
        left -= len(found)
        span = replace(span, first=cursor + 1) if oldest_first else replace(span, last=cursor - 1)


def page(connection: Connection, span: Span, limit: int, *, oldest_first: bool = False) -> Page:
    """At most so many of the rows, and where to go on."""
    first, last = span.first, span.last
    wanted = page_of(span, first, last, limit + 1, oldest_first=oldest_first)
    found = [entry_of(tuple(row)) for row in connection.execute(wanted)]
    if len(found) > limit:
        return Page(found[:limit], found[limit - 1].seq)
    return Page(found, scanned_until(connection, span, first, last, oldest_first=oldest_first))


def entries_at(connection: Connection, account_id: Id128, seqs: Collection[int]) -> list[Entry]:
    """The entries of these numbers, the oldest first."""
    these = is_numbered(entries.c.seq, seqs)
    wanted = select(*ENTRY).where(entries.c.account_id == account_id, these)
    rows = connection.execute(wanted.order_by(entries.c.seq))
    return [entry_of(tuple(row)) for row in rows]


def _first_since(connection: Connection, account_id: Id128, instant: datetime) -> int:
    """The seq of the first row recorded at the instant or later; one past the newest for none."""
    asked = {"account": account_id, "instant": instant}
    seq: int = connection.execute(text(FIRST_SINCE), asked).scalar_one()
    return seq


def _seqs_of(connection: Connection, account_id: Id128, invoice: str) -> tuple[int, ...]:
    """The entries of an invoice; none when there is no such invoice."""
    wanted = select(invoices.c.entries).where(
        invoices.c.account_id == account_id, invoices.c.invoice == invoice
    )
    seqs: Collection[int] = connection.execute(wanted).scalar_one_or_none() or ()
    return tuple(seqs)
