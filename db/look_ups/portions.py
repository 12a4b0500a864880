"""The queries behind a portion of a ledger: which rows an index finds, and which are looked at.

An index leads to an account's rows by seq, to those of the kinds that come seldom, and to those
with tags; the other filters hold the rows that it leads to against what is wanted, and no more than
`SCANNED_MAX` of them at a time.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Subquery,
    any_,
    func,
    literal,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from db.books import ENTRY
from db.tables import SELDOM, TAGGED, entries
from domain.identity import Id128
from domain.vocabulary import Kind

SCANNED_MAX = 100_000
"""Rows that one query looks at for a filter that no index answers."""

OFTEN = frozenset({Kind.APPLICATION, Kind.DEDUCTION})
"""The kinds that no index leads to: it would cost each message a write."""

_OF_GRANTS = "strict $[*] ? (@[0] == $grants[*])"


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

    @property
    def are_seldom(self) -> bool:
        """Whether an index leads to the kinds."""
        return bool(self.kinds) and OFTEN.isdisjoint(self.kinds)

    @property
    def is_scanned(self) -> bool:
        """Whether rows have to be looked at that may not be wanted."""
        some_kinds = bool(self.kinds) and not self.are_seldom
        return some_kinds or self.tag is not None or self.grants is not None


def page_of(
    span: Span,
    first: int,
    last: int,
    count: int,
    *,
    oldest_first: bool = False,
    is_bounded: bool = True,
) -> Select[Any]:
    """At most so many of the rows; where it has to look for them, among `SCANNED_MAX`."""
    number = (SCANNED_MAX if is_bounded else None) if span.is_scanned else count
    found = _candidates(span, first, last, number, ENTRY, oldest_first=oldest_first)
    wanted = select(*found.c).where(*_rest(span, found))
    return wanted.order_by(_order(found, oldest_first=oldest_first)).limit(count)


def scanned_until(
    connection: Connection, span: Span, first: int, last: int, *, oldest_first: bool
) -> int | None:
    """The seq that `page_of` stops at, however few it has found; None when it sees all."""
    if not span.is_scanned:
        return None
    only = [entries.c.seq]
    found = _candidates(span, first, last, SCANNED_MAX, only, oldest_first=oldest_first)
    order = _order(found, oldest_first=oldest_first)
    wanted = select(found.c.seq).order_by(order).offset(SCANNED_MAX - 1).limit(1)
    seq: int | None = connection.execute(wanted).scalar_one_or_none()
    return seq


def is_numbered(seq: ColumnElement[int], seqs: Collection[int]) -> ColumnElement[bool]:
    """Whether it is one of these, however many; the statement stays the same."""
    return seq == any_(literal(list(seqs), ARRAY(BigInteger)))


def of_grants(allocations: ColumnElement[Any], names: Collection[str]) -> ColumnElement[bool]:
    """Whether an entry touches one of these grants; a line may have a grant's name."""
    named = literal({"grants": list(names)}, JSONB)
    path = text(f"'{_OF_GRANTS}'::jsonpath")
    return func.jsonb_path_exists(allocations, path, named)


def _candidates(
    span: Span,
    first: int,
    last: int,
    number: int | None,
    columns: Collection[ColumnElement[Any]],
    *,
    oldest_first: bool,
) -> Subquery:
    """The rows that an index leads to, in order; each kind that comes seldom has a place there."""
    order = _order(entries, oldest_first=oldest_first)
    wanted = select(*columns).where(
        entries.c.account_id == span.account_id, entries.c.seq.between(first, last)
    )
    if span.seqs is not None:
        wanted = wanted.where(is_numbered(entries.c.seq, span.seqs))
    if not span.are_seldom:
        if span.tag is not None:
            wanted = wanted.where(TAGGED)
        # Without a bound it has to be in the order of the whole: PostgreSQL would sort it first.
        return (wanted.order_by(order).limit(number) if number else wanted).subquery()
    each = [
        wanted.where(entries.c.kind == kind, SELDOM).order_by(order).limit(number).subquery()
        for kind in dict.fromkeys(span.kinds)
    ]
    return each[0] if len(each) == 1 else union_all(*(select(*one.c) for one in each)).subquery()


def _rest(span: Span, found: FromClause) -> list[ColumnElement[bool]]:
    """What is held against the rows that were led to."""
    rest = list[ColumnElement[bool]]()
    if span.kinds and not span.are_seldom:
        rest.append(found.c.kind.in_(span.kinds))
    if span.grants is not None:
        rest.append(of_grants(found.c.allocations, span.grants))
    if span.tag is not None:
        key, value = span.tag
        tag = {"key": key} | ({} if value is None else {"value": value})
        tags = found.c.context.cast(JSONB)["tags"]
        rest.append(tags.op("@>")(literal([tag], JSONB)))
    return rest


def _order(rows: FromClause, *, oldest_first: bool) -> ColumnElement[Any]:
    seq: ColumnElement[Any] = rows.c.seq
    return seq if oldest_first else seq.desc()
