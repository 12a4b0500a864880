"""An account's credits, each with what has become of it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, and_, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from db.books import ENTRY, entry_of
from db.look_ups.portions import Span, of_grants, page_of
from db.look_ups.writeoffs import writeoffs_of
from db.tables import SELDOM, entries, grants, invoices
from db.tables_kept import returned
from domain.identity import Id128
from domain.ledger import Entry
from domain.vocabulary import Kind

CREDITS = (
    Kind.GRANT, Kind.TRANSFER_IN, Kind.APPLICATION, Kind.DEDUCTION, Kind.TRANSFER_OUT,
    Kind.WRITEOFF_APPLICATION,
)  # fmt: skip
"""The kinds of entries that stand for themselves; the others say what became of these."""


class Credit(NamedTuple):
    """An entry of one of the kinds `CREDITS`, and how much of it was taken back."""

    entry: Entry
    back: int
    """In minor units; of a grant, what was voided."""
    taken_by: Entry | None
    """The newest entry that took something back."""
    writeoff: str | None
    """The name of the write-off, where it is one."""

    @property
    def is_reversed(self) -> bool:
        """Whether nothing of it stands; of a grant, whether it is void."""
        return self.back == abs(self.entry.amount) or (
            self.taken_by is not None and self.entry.kind is Kind.GRANT
        )


def credits_of(connection: Connection, span: Span, offset: int, count: int) -> list[Credit]:
    """Some of the credits of a span, the newest first.

    What is left out is read all the same. Where some were taken back, an index of the kinds that
    come seldom finds by which entries.
    """
    wanted = page_of(span, span.first, span.last, count, is_bounded=False).offset(offset)
    found = [entry_of(tuple(row)) for row in connection.execute(wanted)]
    if not found:
        return []
    account_id, seqs = span.account_id, [entry.seq for entry in found]
    writeoffs = writeoffs_of(connection, account_id, seqs=(min(seqs), max(seqs)))
    names = {writeoff.seq: writeoff.name for writeoff in writeoffs}
    back = Counter({row.seq: row.amount for row in writeoffs if row.is_reversed})
    for taken in (_returned(connection, account_id, seqs), *_gone(connection, account_id, found)):
        back.update(taken)
    takers = _takers(connection, account_id, [entry for entry in found if back[entry.seq]])
    return [
        Credit(entry, back[entry.seq], takers.get(entry.seq), names.get(entry.seq))
        for entry in found
    ]


def _returned(connection: Connection, account_id: Id128, seqs: Sequence[int]) -> dict[int, int]:
    """By seq, what came back of deductions."""
    wanted = select(returned.c.seq, returned.c.amount).where(
        returned.c.account_id == account_id, returned.c.seq.in_(seqs)
    )
    return {row[0]: row[1] for row in connection.execute(wanted)}


def _gone(
    connection: Connection, account_id: Id128, found: Sequence[Entry]
) -> Iterator[dict[int, int]]:
    """By seq, what no longer stands of applications, and what was voided of grants."""
    named = {entry.invoice for entry in found if entry.kind is Kind.APPLICATION}
    wanted = select(invoices.c.invoice, invoices.c.uses).where(
        invoices.c.account_id == account_id, invoices.c.invoice.in_(named)
    )
    uses = {row[0]: row[1] for row in connection.execute(wanted)}
    yield {
        entry.seq: -entry.amount - sum(use[2] for use in uses[entry.invoice] if use[3] == entry.seq)
        for entry in found
        if entry.kind is Kind.APPLICATION
    }
    brought, voided = _brought(found), Counter[int]()
    lots = select(grants.c.grant_id, grants.c.voided).where(
        grants.c.account_id == account_id, grants.c.grant_id.in_(brought), grants.c.is_void
    )
    for grant, amount in connection.execute(lots):
        voided[brought[grant]] += amount
    yield voided


def _brought(found: Iterable[Entry]) -> dict[str, int]:
    """The grants that entries brought, and the seqs of those."""
    return {
        lot.grant: entry.seq for entry in found if entry.amount > 0 for lot in entry.allocations
    }


def _takers(connection: Connection, account_id: Id128, taken: Sequence[Entry]) -> dict[int, Entry]:
    """By seq, the newest entry that reversed a credit or voided a grant."""
    if not taken:
        return {}
    seqs = [entry.seq for entry in taken]
    brought = _brought(taken)
    reversing = and_(
        entries.c.kind == Kind.REVERSAL,
        entries.c.reverses.op("&&")(literal(seqs, ARRAY(BigInteger))),
    )
    voiding = and_(entries.c.kind == Kind.VOID, of_grants(entries.c.allocations, list(brought)))
    wanted = select(*ENTRY).where(
        entries.c.account_id == account_id,
        entries.c.seq > min(seqs),
        SELDOM,
        or_(reversing, voiding) if brought else reversing,
    )
    takers = dict[int, Entry]()
    for row in connection.execute(wanted.order_by(entries.c.seq)):
        entry = entry_of(tuple(row))
        if entry.kind is Kind.REVERSAL:
            takers.update(dict.fromkeys(entry.reverses, entry))
        else:
            names = (a.grant for a in entry.allocations)
            takers.update({brought[name]: entry for name in names if name in brought})
    return takers
