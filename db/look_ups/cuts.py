"""Where a period cuts the ledgers of its accounts, and what their closings say between the cuts.

A cut lies at each edge of the period and behind the newest entry. Of every cut there is the newest
closing before it and the closing behind that one: between these two the entries are read, all the
others are in the sums of closings.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    Integer,
    Numeric,
    Select,
    Subquery,
    case,
    column,
    func,
    literal,
    select,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB

from db.look_ups.closings import LAST, newest_before, next_behind
from db.look_ups.periods import By, Period
from db.tables import accounts
from db.tables_closed import closings

_BEFORE, _WITHIN, _AFTER = range(3)


def cuts_of(period: Period) -> CTE:
    """Of each account: `before0`, the closing before the first cut, `behind0`, and so on."""
    account = accounts.c.account_id
    found = [newest_before(account, edge).label(f"before{n}") for n, edge in _edges(period)]
    wanted = select(account, accounts.c.currency, *found)
    cut = period.of_accounts(wanted).subquery("cut")
    behind = (
        next_behind(cut.c.account_id, cut.c[f"before{n}"]).label(f"behind{n}")
        for n, _ in _edges(period)
    )
    return select(*cut.c, *behind).cte("cuts")


def spans_of(period: Period, cuts: CTE) -> Subquery:
    """The spans of entries to read: all of a ledger where closings are of no use."""
    whose = (cuts.c.account_id, cuts.c.currency)
    if period.by is not By.RECORDED:
        everything = (literal(1).label("first"), LAST.label("last"))
        return select(*whose, *everything).subquery("spans")
    each = (
        select(
            *whose, (cuts.c[f"before{n}"] + 1).label("first"), cuts.c[f"behind{n}"].label("last")
        )
        for n, _ in _edges(period)
    )
    return union(*each).subquery("spans")


def sums_of_closings(period: Period, cuts: CTE) -> Iterator[Select[Any]]:
    """What was done outside of the spans, by currency, category, kind and whether it undid one.

    No query where all entries are read.
    """
    if period.by is not By.RECORDED:
        return
    parts = union_all(*_parts(period, cuts)).subquery("parts")
    each = func.jsonb_array_elements(closings.c.sums).table_valued(column("one", JSONB), name="did")
    one = each.render_derived().lateral()
    signed = parts.c.sign * one.c.one[3].astext.cast(Numeric)
    groups = (
        parts.c.currency,
        one.c.one[0].astext,
        one.c.one[1].astext,
        one.c.one[2].astext.cast(Boolean),
    )
    sums = (
        func.sum(case((parts.c.part == part, signed), else_=0))
        for part in (_BEFORE, _WITHIN, _AFTER)
    )
    yield (
        select(*groups, *sums)
        .join_from(
            parts,
            closings,
            (closings.c.account_id == parts.c.account_id) & (closings.c.seq == parts.c.seq),
        )
        .join(one, literal(value=True))
        .group_by(*groups)
    )


def _edges(period: Period) -> Sequence[tuple[int, Any]]:
    """The instants that cut; the last one is the end of all entries."""
    instants = [edge for edge in (period.first, period.end) if edge is not None]
    return list(enumerate([*instants, None]))


def _parts(period: Period, cuts: CTE) -> Iterator[Select[Any]]:
    """Which closing counts where: up to the first cut, and between each two."""
    first = _WITHIN if period.first is None else _BEFORE
    yield _counted(cuts, cuts.c.before0, first, 1)
    for (one, _), (other, _) in pairwise(_edges(period)):
        before, behind = cuts.c[f"before{other}"], cuts.c[f"behind{one}"]
        is_between = before >= behind
        yield _counted(cuts, before, first + other, 1).where(is_between)
        yield _counted(cuts, behind, first + other, -1).where(is_between)


def _counted(cuts: CTE, seq: ColumnElement[int], part: int, sign: int) -> Select[Any]:
    of = (literal(part, Integer).label("part"), literal(sign, Integer).label("sign"))
    return select(cuts.c.account_id, cuts.c.currency, seq.label("seq"), *of)
