"""What it takes to decide some entries again: a closing before them, and what they name.

Of the ledger before the closing only those entries are read that later ones take back, or that
touched the same invoices.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from db.books import ENTRY, entry_of
from db.look_ups.account import among, read_parts
from db.look_ups.closings import Start, closing_by, closing_from, went_by
from db.look_ups.ledger import entries_at
from db.look_ups.portions import Span, is_numbered, page_of
from db.look_ups.touched import entries_in
from db.tables import SELDOM, entries, grants, invoices
from db.tables_kept import amendments, holds, transfers, writeoffs
from domain.books import Books
from domain.closings import ClosingGrant
from domain.identity import Id128
from domain.ledger import Entry
from domain.vocabulary import Kind

_SPENDABLE = (Kind.GRANT, Kind.TRANSFER_IN)
"""Entries that bring grants, without those of write-offs."""


class Opening(NamedTuple):
    """An account at a closing; without one, before its first entry."""

    seq: int = 0
    balance: int = 0
    grants: int = 0
    """How many had come, without those of write-offs."""
    became: Sequence[ClosingGrant] = ()
    """What had become by then of the grants that matter from here on."""
    earlier: Sequence[Entry] = ()
    """Entries up to here that are named from here on, or touched an invoice that is."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The entries from behind an opening to the last one of a message, or of several."""

    opening: Opening
    last: int
    books: Books
    """With the grants, the invoices and all else that these entries name; without entries."""


class _Named(NamedTuple):
    """What entries name; earlier entries by their seqs."""

    grants: set[str]
    invoices: set[str]
    seqs: set[int]


def stretch_to(
    connection: Connection, account: Books, wanted: Sequence[int], *, every_grant_of: int
) -> Stretch | None:
    """The shortest stretch to the message of the first entry that is wanted, in their order.

    It goes on to the last of those behind it that no closing separates from it. None when there is
    no such entry. Grants that had nothing left at the opening and are not named are left out,
    unless no more than `every_grant_of` had come by then.
    """
    one = account.account_id
    message = _message_of(connection, account, wanted[0])
    if message is None:
        return None
    first, last = message
    start, end = closing_by(connection, one, first - 1), closing_from(connection, one, last)
    near = [seq for seq in wanted if last < seq <= (end or account.seq)]
    if near:
        _, last = _message_of(connection, account, near[-1]) or message
    named = _named_by(entries_in(connection, one, start.seq + 1, last))
    billed = read_parts(
        connection, account, {"invoices": among(invoices.c.invoice, named.invoices)}
    )
    known = {*named.seqs, *chain.from_iterable(bill.entries for bill in billed.invoices)}
    earlier = _earlier(connection, one, {seq for seq in known if seq <= start.seq}, start.seq)
    came = _spendable_by(connection, one, start)
    every = _arrived_by(connection, one, start.seq) if 0 < came <= every_grant_of else ()
    names = {*named.grants, *start.open_grants, *_grants_of(earlier), *every}
    books = read_parts(
        connection,
        billed,
        {
            "grants": among(grants.c.grant_id, names),
            "amendments": among(amendments.c.grant_id, names),
            "holds": or_(holds.c.until.is_(None), holds.c.until >= start.seq),
            "transfers": transfers.c.seq.between(first, last),
            "writeoffs": or_(
                writeoffs.c.seq.between(start.seq + 1, last),
                is_numbered(writeoffs.c.seq, named.seqs),
            ),
        },
    )
    became = went_by(connection, one, names, start.seq, and_open=False)
    return Stretch(Opening(start.seq, start.balance, came, became, earlier), last, books)


def _message_of(connection: Connection, account: Books, seq: int) -> tuple[int, int] | None:
    """The first and the last of the entries around one that came about by the same cause."""
    cause = (entries.c.cause_source, entries.c.cause_id, entries.c.cause_type)
    of_account = entries.c.account_id == account.account_id
    found = select(*cause).where(of_account, entries.c.seq == seq)
    said = connection.execute(found).one_or_none()
    if said is None:
        return None
    is_other = or_(*(column != word for column, word in zip(cause, said, strict=True)))
    others = select(entries.c.seq).where(of_account, is_other).limit(1)
    before = others.where(entries.c.seq < seq).order_by(entries.c.seq.desc())
    behind = others.where(entries.c.seq > seq).order_by(entries.c.seq)
    first = connection.execute(before).scalar_one_or_none() or 0
    last = connection.execute(behind).scalar_one_or_none() or account.seq + 1
    return first + 1, last - 1


def _named_by(ledger: Iterable[Entry]) -> _Named:
    named = _Named(set(), set(), set())
    for entry in ledger:
        named.grants.update(_grants_of([entry]))
        named.seqs.update(entry.reverses)
        if entry.invoice is not None:
            named.invoices.add(entry.invoice)
    return named


def _grants_of(ledger: Iterable[Entry]) -> Iterator[str]:
    return (lot.grant for entry in ledger for lot in entry.allocations)


def _earlier(
    connection: Connection, account_id: Id128, seqs: Collection[int], last: int
) -> list[Entry]:
    """These entries, and those up to a seq by which something came back of deductions among them;
    what came back of an application stands with its invoice."""
    found = entries_at(connection, account_id, seqs)
    spent = [entry.seq for entry in found if entry.kind is Kind.DEDUCTION]
    if not spent:
        return found
    returning = select(*ENTRY).where(
        entries.c.account_id == account_id,
        entries.c.kind == Kind.REVERSAL,
        SELDOM,
        entries.c.seq.between(min(spent) + 1, last),
        entries.c.reverses.op("&&")(literal(spent, ARRAY(BigInteger))),
    )
    back = (entry_of(tuple(row)) for row in connection.execute(returning))
    return sorted([*found, *back], key=lambda entry: entry.seq)


def _spendable_by(connection: Connection, account_id: Id128, start: Start) -> int:
    """How many grants had come at a closing, without those of write-offs."""
    let_off = select(func.count()).where(
        entries.c.account_id == account_id,
        entries.c.kind == Kind.WRITEOFF_GRANT,
        SELDOM,
        entries.c.seq <= start.seq,
    )
    return start.grants - connection.execute(let_off).scalar_one()


def _arrived_by(connection: Connection, account_id: Id128, last: int) -> list[str]:
    """The grants that the entries up to a seq brought, without those of write-offs."""
    span = Span(account_id, 1, last, _SPENDABLE)
    rows = connection.execute(page_of(span, 1, last, last))
    return list(_grants_of(entry_of(tuple(row)) for row in rows))
