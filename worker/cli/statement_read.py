"""Reads what a statement tells: the newest entries of its period, and what they touched.

However long the account's history is, its earlier entries are not read: what they came to is the
balance before the first one that is told.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection

from db.look_ups import Wanted, details_of, entries_at, entries_in, span_of, touched_parts
from domain.books import Books
from domain.credit import Grant, GrantDetails
from domain.kept import Transfer, Writeoff, is_lot_of_writeoff
from domain.ledger import Entry
from domain.order import Profile
from worker.cli.at_instant import Then, groups, standing
from worker.cli.balance_at import newest_by, then_of
from worker.cli.output import money
from worker.statement.account import (
    AccountStatement,
    Gone,
    Share,
    credited,
    falls_of,
    gone_grants,
    gone_of,
    left_of,
)

ENTRIES_MAX = 2_000
"""More are no statement that anybody reads; `scrip ledger` and `scrip export` have them all."""

_YEAR = timedelta(days=366)


class Asked(NamedTuple):
    """What a statement is of."""

    since: datetime | None
    """Where its ledger begins; None for a year before its end, or before now where it is later."""
    at: datetime
    """Its end, and the instant that decides what is usable and what has expired."""


@dataclass(frozen=True, slots=True)
class Told:
    """The entries of a statement, and what is known of what they name."""

    ledger: Sequence[Entry]
    """Those that are told, the oldest first."""
    before: Entry | None
    """The one before them."""
    earlier: Sequence[Entry]
    """Those before that touched one of their invoices."""
    then: Then
    details: dict[str, GrantDetails]


def read_statement(
    connection: Connection, account: Books, order: Profile, asked: Asked, now: datetime
) -> AccountStatement:
    """One account's statement, seen from `now`; all of it must stand in one snapshot."""
    last = newest_by(connection, account, asked.at)
    since = Wanted(since=asked.since or min(asked.at, now) - _YEAR)
    first = span_of(connection, account.account_id, since).first
    first = max(first, last + 1 - ENTRIES_MAX)
    ledger = list(entries_in(connection, account.account_id, first, last))
    touched = {lot.grant for entry in ledger for lot in entry.allocations}
    then = then_of(connection, account, last, touched)
    books = touched_parts(
        connection,
        account,
        grants_named={*touched, *then.became},
        invoices_named={entry.invoice for entry in ledger if entry.invoice is not None},
        seqs=(first, last),
    )
    known = {seq for bill in books.invoices for seq in bill.entries if seq < first}
    earlier = entries_at(connection, account.account_id, {first - 1, *known})
    before = earlier[-1] if earlier else None
    names = {*touched, *(grant.grant for grant in books.grants)}
    told = Told(
        ledger=ledger,
        then=then,
        before=before,
        earlier=[entry for entry in earlier if entry.seq in known],
        details=details_of(connection, account.account_id, names),
    )
    return statement_of(books, told, order, asked, now)


def statement_of(
    books: Books, told: Told, order: Profile, asked: Asked, now: datetime
) -> AccountStatement:
    """An account in a period, seen from `now`."""
    at, ledger, then = asked.at, told.ledger, told.then
    found, is_past = standing(books, then, at, now), at < now
    became = _became(books.grants, then)
    touched = {lot.grant for entry in ledger for lot in entry.allocations}
    terms = {grant.grant: grant for grant in (*books.grants, *found.grants)}
    kept = [one for one in books.kept if isinstance(one, Transfer | Writeoff)]
    before = told.before.seq if told.before else 0
    known = [one for one in kept if before < one.seq <= found.seq]
    shares = ((part.grants[0], part) for part in groups(found))
    return AccountStatement(
        key=books.key,
        at=at,
        is_past=is_past,
        available=found.available,
        balance=found.balance,
        held=found.held,
        is_most_held=found.is_most_held,
        pending=found.pending,
        expired=found.expired,
        shares=tuple(Share(g.scope, g.category, p.available, p.balance) for g, p in shares),
        order=order.label,
        grants=tuple(sorted(found.grants, key=order.rank)),
        details=told.details,
        gone=gone_grants((w for w in became if w.grant in touched or left_of(w)), found.grants),
        falls=falls_of(became, terms),
        since=asked.since,
        opening=told.before.balance if told.before else 0,
        left_out=before,
        ledger=ledger,
        invoices=credited([*told.earlier, *ledger], None if is_past else books.invoices),
        writeoffs=tuple(one for one in known if isinstance(one, Writeoff)),
        sent={one.seq: one.to_customer for one in known if isinstance(one, Transfer)},
        amount=partial(_amount, currency=books.key.currency),
    )


def _became(grants: Sequence[Grant], then: Then) -> list[Gone]:
    """What had become of the grants that were there, the oldest first; of no write-off's."""
    lots = sorted((grant.seq, gone_of(grant)) for grant in grants)
    known = (then.by_then(now) for _, now in lots if not is_lot_of_writeoff(now.grant))
    return [went for went in known if went.amount]


def _amount(amount: int, currency: str) -> str:
    """As `money` has it, with the digits in groups: people read `1,234,567.89` faster."""
    whole, point, rest = money(amount, currency).partition(".")
    return re.sub(r"\B(?=(\d{3})+$)", ",", whole) + point + rest
