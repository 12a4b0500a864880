"""What is stored of one account beside its ledger, as far as some entries touched it.

However long the account's history is, only what is named and what is still open is read; it takes
no lock.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace

from sqlalchemy import BigInteger, Connection, column, func, or_, select, true
from sqlalchemy.dialects.postgresql import JSONB

from db.books import entry_of
from db.look_ups.account import among, read_parts
from db.look_ups.portions import Span, page_of
from db.tables import entries, grants, invoices
from db.tables_kept import amendments, holds, transfers, writeoffs
from domain.books import Books
from domain.identity import Id128
from domain.ledger import Entry
from domain.vocabulary import Kind

_AT_A_TIME = 1_000


def touched_parts(
    connection: Connection,
    account: Books,
    *,
    grants_named: Collection[str],
    invoices_named: Collection[str],
    seqs: tuple[int, int],
) -> Books:
    """The same account with its open grants and these, how they were amended, and these invoices.

    Of transfers and write-offs it has those whose entries lie between two seqs, these included; of
    holds those that had not ended before the last of them; no entries or receipts.
    """
    first, last = seqs
    found = read_parts(
        connection,
        account,
        {
            "grants": grants.c.is_open,
            "invoices": among(invoices.c.invoice, invoices_named),
            "holds": or_(holds.c.until.is_(None), holds.c.until >= last),
            "transfers": transfers.c.seq.between(first, last),
            "writeoffs": writeoffs.c.seq.between(first, last),
        },
    )
    # Each by an index of its own: asked for together they would be looked for among all grants.
    closed = among(grants.c.grant_id, grants_named) & ~grants.c.is_open
    named = read_parts(connection, account, {"grants": closed})
    both = [*found.grants, *named.grants]
    of_these = among(amendments.c.grant_id, [grant.grant for grant in both])
    amended = read_parts(connection, account, {"amendments": of_these})
    return replace(found, grants=both, amendments=amended.amendments)


def moved_since(
    connection: Connection, account_id: Id128, first: int, last: int
) -> list[tuple[str, Kind, int]]:
    """What the entries between two seqs, these included, did to grants, in sums of minor units."""
    each = func.jsonb_array_elements(entries.c.allocations)
    lots = each.table_valued(column("lot", JSONB), name="lots").render_derived().lateral()
    groups = (lots.c.lot[0].astext, entries.c.kind)
    wanted = (
        select(*groups, func.sum(lots.c.lot[2].astext.cast(BigInteger)))
        .join_from(entries, lots, true())
        .where(entries.c.account_id == account_id, entries.c.seq.between(first, last))
        .group_by(*groups)
    )
    return [(grant, Kind(kind), int(total)) for grant, kind, total in connection.execute(wanted)]


def entries_in(connection: Connection, account_id: Id128, first: int, last: int) -> Iterator[Entry]:
    """The entries between two seqs, these included, the oldest first; a portion in memory."""
    while first <= last:
        count = min(_AT_A_TIME, last - first + 1)
        wanted = page_of(Span(account_id, first, last), first, last, count, oldest_first=True)
        for row in connection.execute(wanted):
            yield entry_of(tuple(row))
        first += count
