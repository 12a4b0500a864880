"""A customer's grants: what people read about them, and where they went."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, func, literal, select, true
from sqlalchemy.dialects.postgresql import JSONB

from db.books import ENTRY, entry_of
from db.books_kept import columns
from db.look_ups.account import among
from db.look_ups.closings import touching
from db.tables import entries, grants, invoices
from db.tables_kept import amendments
from domain.bill import Use
from domain.credit import Grant, GrantDetails
from domain.identity import Id128
from domain.ledger import Entry

_DETAILS = columns(grants, "grant_id memo sent_at reference_number line_items")


def grants_called(connection: Connection, account_id: Id128, name: str) -> list[str]:
    """The grant of this id, or else that of this external id."""
    of_account = select(grants.c.grant_id).where(grants.c.account_id == account_id)
    for column in (grants.c.grant_id, grants.c.external_id):
        found = list(connection.execute(of_account.where(column == name)).scalars())
        if found:
            return found
    return []


def details_of(
    connection: Connection, account_id: Id128, names: Collection[str] | None = None
) -> dict[str, GrantDetails]:
    """What people read about an account's grants, or some of them, by grant id."""
    wanted = select(*_DETAILS).where(grants.c.account_id == account_id)
    if names is not None:
        wanted = wanted.where(among(grants.c.grant_id, names))
    rows = connection.execute(wanted)
    return {row[0]: GrantDetails(row[1], row[2], row[3], tuple(row[4] or ())) for row in rows}


def grants_with(connection: Connection, account_id: Id128, reference: str) -> dict[str, int]:
    """The account's grants that have this reference number now, and the seqs that brought them."""
    wanted = select(grants.c.grant_id, grants.c.seq).where(
        grants.c.account_id == account_id, grants.c.reference_number == reference
    )
    return {row[0]: row[1] for row in connection.execute(wanted.order_by(grants.c.grant_id))}


def entries_that_touch(connection: Connection, account_id: Id128, grant: Grant) -> list[Entry]:
    """The entries that moved a grant, the oldest first.

    Between closings that say that it was touched, and behind the newest; no others are read.
    """
    # An allocation of this grant begins with its id.
    named = entries.c.allocations.op("@>")(literal([[grant.grant]], JSONB))
    spans = touching(account_id, grant.grant)
    there = (
        select(*ENTRY)
        .where(entries.c.account_id == account_id, entries.c.seq >= grant.seq, named)
        .where(entries.c.seq.between(spans.c.first, spans.c.last))
        .offset(0)  # keeps it a question to each span, and not a reading of all entries
        .lateral("there")
    )
    wanted = select(*there.c).join_from(spans, there, true())
    rows = connection.execute(wanted.order_by(there.c.seq))
    found = (entry_of(tuple(row)) for row in rows)
    return [entry for entry in found if any(a.grant == grant.grant for a in entry.allocations)]


def uses_of(
    connection: Connection, account_id: Id128, grant: str, named: Iterable[str]
) -> list[tuple[str, Use]]:
    """What stands of a grant on these invoices, by invoice; the oldest use of each first."""
    wanted = select(invoices.c.invoice, invoices.c.uses).where(
        invoices.c.account_id == account_id, invoices.c.invoice.in_(set(named))
    )
    rows = connection.execute(wanted.order_by(invoices.c.invoice))
    found = ((row[0], Use(*use)) for row in rows for use in row[1])
    return [(invoice, use) for invoice, use in found if use.grant == grant]


def amended_at(connection: Connection, account_id: Id128, grant: str) -> datetime | None:
    """When a grant's terms were last amended."""
    wanted = select(func.max(amendments.c.recorded_at)).where(
        amendments.c.account_id == account_id, amendments.c.grant_id == grant
    )
    found: datetime | None = connection.execute(wanted).scalar_one()
    return found
