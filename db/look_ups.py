"""A customer's ledger by what people ask for: queries that take no lock and decide nothing.

Rows are found through the primary key (account_id, seq) alone, so looking them up costs no writer
an index. Within an account `recorded_at` never goes back (R3): an instant is a place in the ledger,
found by halving. Rows are only ever added behind (I3, I10): the newest seq is a snapshot, and pages
up to it neither skip nor repeat a row while others arrive.
"""

import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, literal, select, text
from sqlalchemy.dialects.postgresql import JSONB

from db.books import ENTRY, entry_of
from db.tables import accounts, entries, grants, invoices
from domain.identity import Id128
from domain.ledger import Entry
from domain.vocabulary import Kind

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
_OF_GRANTS = "strict $[*] ? (@[0] == $grants[*])"


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


@dataclass(frozen=True, slots=True)
class Span:
    """Where in one account's ledger the wanted rows can be, as it was at one moment."""

    account_id: Id128
    first: int
    last: int
    kinds: tuple[Kind, ...] = ()
    tag: tuple[str, str | None] | None = None
    seqs: tuple[int, ...] | None = None
    grants: tuple[str, ...] | None = None

    def is_whole(self, newest: int) -> bool:
        """Whether it is all of a ledger that ends with this seq."""
        return self == Span(self.account_id, 1, newest)


class Page(NamedTuple):
    """Some rows of a ledger."""

    entries: list[Entry]
    is_last: bool
    """Whether nothing of the span is behind them."""


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
    first, last, left = span.first, span.last, sys.maxsize if limit is None else limit
    while first <= last and left > 0:
        count = min(left, ROWS_AT_A_TIME)
        wanted = page_of(span, first, last, count, oldest_first=oldest_first)
        found = [entry_of(tuple(row)) for row in connection.execute(wanted)]
        connection.rollback()
        yield from found
        if len(found) < count:
            return
        left -= count
        if oldest_first:
            first = found[-1].seq + 1
        else:
            last = found[-1].seq - 1


def page(connection: Connection, span: Span, limit: int, *, oldest_first: bool = False) -> Page:
    """At most so many of the rows."""
    found = list(rows_of(connection, span, limit + 1, oldest_first=oldest_first))
    return Page(found[:limit], len(found) <= limit)


def page_of(span: Span, first: int, last: int, count: int, *, oldest_first: bool) -> Select[Any]:
    """The query behind one portion."""
    wanted = select(*ENTRY).where(
        entries.c.account_id == span.account_id, entries.c.seq.between(first, last)
    )
    if span.kinds:
        wanted = wanted.where(entries.c.kind.in_(span.kinds))
    if span.seqs is not None:
        wanted = wanted.where(entries.c.seq.in_(span.seqs))
    if span.grants is not None:
        wanted = wanted.where(of_grants(span.grants))
    if span.tag is not None:
        key, value = span.tag
        tag = {"key": key} | ({} if value is None else {"value": value})
        tags = entries.c.context.cast(JSONB)["tags"]
        wanted = wanted.where(tags.op("@>")(literal([tag], JSONB)))
    return wanted.order_by(entries.c.seq if oldest_first else entries.c.seq.desc()).limit(count)


def grants_with(connection: Connection, account_id: Id128, reference: str) -> dict[str, int]:
    """The account's grants that have this reference number now, and the seqs that brought them."""
    wanted = select(grants.c.grant_id, grants.c.seq).where(
        grants.c.account_id == account_id, grants.c.reference_number == reference
    )
    return {row[0]: row[1] for row in connection.execute(wanted.order_by(grants.c.grant_id))}


def of_grants(names: Collection[str]) -> ColumnElement[bool]:
    """Whether an entry touches one of these grants; a line may have a grant's name."""
    named = literal({"grants": list(names)}, JSONB)
    path = text(f"'{_OF_GRANTS}'::jsonpath")
    return func.jsonb_path_exists(entries.c.allocations, path, named)


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
