"""Closings: what an account's entries came to at some of them, so that few have to be read.

An account without any, or whose newest is old, has the same answers; they only read more.
"""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Subquery,
    func,
    literal,
    select,
    text,
    union_all,
)

from db.tables_closed import closing_grants, closings
from domain.closings import ClosingGrant
from domain.identity import Id128

_WENT = """
SELECT named.grant_id, went.* FROM (
    SELECT unnest(CAST(:names AS text[])) UNION
    SELECT grant_id FROM grants WHERE account_id = :account AND is_open AND :and_open
) AS named (grant_id) CROSS JOIN LATERAL (
    SELECT seq, amount, used, expired, voided, moved FROM closing_grants
    WHERE account_id = :account AND grant_id = named.grant_id AND seq <= :seq
    ORDER BY seq DESC LIMIT 1
) AS went
"""
LAST = literal(2**62, BigInteger)
"""Behind every seq."""


class Start(NamedTuple):
    """The closing that a look-up begins with; without one, the beginning of the ledger."""

    seq: int = 0
    balance: int = 0
    grants: int = 0
    """How many had come."""
    open_grants: Collection[str] = ()
    """Those with something left."""


def closing_by(connection: Connection, account_id: Id128, seq: int) -> Start:
    """The newest closing that has no entry behind this one; where there is none, the beginning."""
    of = closings.c
    wanted = select(of.seq, of.balance, of.grants, of.open_grants).where(
        of.account_id == account_id, of.seq <= seq
    )
    row = connection.execute(wanted.order_by(of.seq.desc()).limit(1)).one_or_none()
    return Start(*row) if row else Start()


def closing_from(connection: Connection, account_id: Id128, seq: int) -> int | None:
    """The seq of the oldest closing that this entry is in; None while there is none."""
    of = closings.c
    wanted = select(func.min(of.seq)).where(of.account_id == account_id, of.seq >= seq)
    found: int | None = connection.execute(wanted).scalar_one()
    return found


def went_by(
    connection: Connection,
    account_id: Id128,
    names: Collection[str],
    seq: int,
    *,
    and_open: bool = True,
) -> list[ClosingGrant]:
    """What had become of these grants, and of those open now, at the closing of this number.

    Those that had not come by then are left out.
    """
    asked = {"account": account_id, "names": list(names), "seq": seq, "and_open": and_open}
    return [ClosingGrant(*row) for row in connection.execute(text(_WENT), asked)]


def touching(account_id: Id128, grant: str) -> Subquery:
    """Where in a ledger a grant can have been moved: `first` and `last` seq of each span."""
    of = closings.c
    spans = select((of.since + 1).label("first"), of.seq.label("last")).where(
        of.account_id == account_id,
        of.seq == closing_grants.c.seq,
        closing_grants.c.account_id == account_id,
        closing_grants.c.grant_id == grant,
    )
    newest = select(func.coalesce(func.max(of.seq), 0) + 1, LAST).where(of.account_id == account_id)
    return union_all(spans, newest).subquery("spans")


def newest_before(account: ColumnElement[Id128], edge: object) -> ColumnElement[int]:
    """The seq of an account's newest closing before an instant, or of all for None; 0 for none."""
    of = closings.alias()
    wanted = select(of.c.seq).where(of.c.account_id == account)
    if edge is not None:
        wanted = wanted.where(of.c.recorded_at < edge)
    newest = wanted.order_by(of.c.recorded_at.desc(), of.c.seq.desc()).limit(1)
    return func.coalesce(newest.correlate_except(of).scalar_subquery(), 0)


def next_behind(account: ColumnElement[Id128], seq: ColumnElement[int]) -> ColumnElement[int]:
    """The seq of the closing behind a closing; behind the newest, one that no entry has."""
    of = closings.alias()
    wanted = select(func.min(of.c.seq)).where(of.c.account_id == account, of.c.seq > seq)
    return func.coalesce(wanted.correlate_except(of).scalar_subquery(), LAST)
