"""The books of all accounts, read as one consistent stream that needs little memory.

Each table is read once, in the order of account ids, through a server-side cursor; the streams are
merged account by account. Rows that belong to no account come to light in the same merge.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Engine, Select, Table, func, select, text

from db.books_kept import AMENDMENTS, CLOSED, KEPT, Reading, columns, in_key_order
from db.checks import CHECKS, Check
from db.rows import Row, grant_of, invoice_of, receipt_of
from db.tables import accounts, entries, grants, invoices, receipts
from db.tables_shared import outbox, quarantine
from domain.books import Books
from domain.credit import Allocation
from domain.identity import AccountKey, Id128
from domain.ledger import Entry
from domain.messages import Cause
from domain.vocabulary import Kind

ROWS_AT_A_TIME = 2_000
BATCHES_AT_A_TIME = 10
"""Rows of the outbox hold the events of a whole batch each."""


ACCOUNT = columns(accounts, "account_id tenant customer currency balance seq event_seq head")
ENTRY = columns(
    entries,
    "account_id seq kind amount balance invoice allocations reverses cause_source cause_id "
    "cause_type order_profile recorded_at dated_at context asked hash",
)
GRANT = columns(
    grants,
    "account_id grant_id seq amount remaining category priority effective_at expires_at scope "
    "used expired voided moved held is_void external_id named terms amendments is_announced",
)
INVOICE = columns(
    invoices,
    "account_id invoice amount_due status auto_apply issued_at lines uses entries terms "
    "written_off revised",
)
RECEIPT = columns(
    receipts,
    "account_id source id type digest outcome reason decided_at business_at seq_first seq_last "
    "event_seq attributes repeats conflicts",
)


class Snapshot:
    """The whole database as it was at one instant."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        self.orphans: dict[str, int] = {}
        """Rows without an account, by table, in what `books` has last been read to the end of."""

    def count(self, table: Table) -> int:
        """How many rows a table has."""
        return self._connection.execute(select(func.count()).select_from(table)).scalar_one()

    def export(self) -> str:
        """What other connections give to `snapshot` to see the same, while this one is open."""
        return str(self._connection.execute(select(func.pg_export_snapshot())).scalar_one())

    def books(self, first: Id128 | None = None, end: Id128 | None = None) -> Iterator[Books]:
        """Every account with all its rows, in the order of account ids.

        Of a part of them all ids are at least `first`, and lower than `end`.
        """
        streams = {
            name: _ByAccount(self.stream(within(wanted, first, end)))
            for name, (wanted, _) in READ.items()
        }
        for row in self.stream(within(in_key_order(accounts, ACCOUNT), first, end)):
            parts = {
                name: [of(found) for found in streams[name].rows_of(row[0])]
                for name, (_, of) in READ.items()
            }
            parts["kept"] = [kept for name in KEPT for kept in parts.pop(name)]
            yield books_of(row, **parts)
        self.orphans = {name: stream.count_orphans() for name, stream in streams.items()}

    def quarantined(self) -> Iterator[tuple[str | None, str]]:
        """The id, where there is one, and the reason of every message that is held."""
        held = select(quarantine.c.message_id, quarantine.c.reason)
        for row in self._connection.execute(held.where(quarantine.c.state == "held")):
            yield row[0], row[1]

    def unsent(self) -> Iterator[tuple[int, bytes]]:
        """The outbox: the events of each batch, a line each."""
        rows = select(outbox.c.id, outbox.c.events).order_by(outbox.c.id)
        options = {"yield_per": BATCHES_AT_A_TIME}
        for row in self._connection.execute(rows, execution_options=options):
            yield row[0], row[1]

    def checks(self) -> Iterator[tuple[Check, int]]:
        """Every check across accounts, with the number of rows that break it."""
        for check in CHECKS:
            yield check, self._connection.execute(text(check.broken)).scalar_one()

    def stream(self, wanted: Select[Any]) -> Iterator[Row]:
        """The rows of any query, a portion at a time."""
        options = {"yield_per": ROWS_AT_A_TIME}
        return (tuple(row) for row in self._connection.execute(wanted, execution_options=options))


@contextmanager
def snapshot(engine: Engine, exported: str | None = None) -> Iterator[Snapshot]:
    """A snapshot to read for as long as it takes; it locks nothing.

    With what another one has exported it is the same, however much has been written since.
    """
    with engine.connect() as connection:
        reading = connection.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        if exported is not None:  # before anything is read; the server made it of hex and dashes
            reading.execute(text(f"SET TRANSACTION SNAPSHOT '{exported}'"))
        # The limits that keep a writer from holding locks would end a long reading.
        reading.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        reading.execute(text("SET LOCAL statement_timeout = 0"))
        yield Snapshot(reading)


def within(wanted: Select[Any], first: Id128 | None, end: Id128 | None) -> Select[Any]:
    """A range of every table's primary key, also of one that is joined to another."""
    for table in wanted.columns_clause_froms:
        if first is not None:
            wanted = wanted.where(table.c.account_id >= first)
        if end is not None:
            wanted = wanted.where(table.c.account_id < end)
    return wanted


class _ByAccount:
    """A stream of rows, sorted by the account ids that they begin with, taken in portions."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._groups = groupby(rows, key=itemgetter(0))
        self._next = next(self._groups, None)
        self._orphans = 0

    def rows_of(self, account_id: str) -> list[Row]:
        """The rows of an account; the ids asked for have to rise."""
        while self._next is not None and self._next[0] < account_id:
            self._skip()
        if self._next is None or self._next[0] != account_id:
            return []
        rows = list(self._next[1])
        self._next = next(self._groups, None)
        return rows

    def count_orphans(self) -> int:
        """Skip to the end, and tell how many rows nobody has asked for."""
        while self._next is not None:
            self._skip()
        return self._orphans

    def _skip(self) -> None:
        assert self._next is not None
        self._orphans += sum(1 for _ in self._next[1])
        self._next = next(self._groups, None)


def books_of(row: Row, **parts: Iterable[Any]) -> Books:
    """From an ACCOUNT row and the account's other rows; parts that are not given are empty."""
    account_id, tenant, customer, currency, balance, seq, event_seq, head = row
    names = ("entries", "grants", "invoices", "receipts", "kept", "amendments", *CLOSED)
    given: dict[str, Any] = {name: tuple(parts.get(name, ())) for name in names}
    return Books(
        key=AccountKey(tenant, customer, currency),
        account_id=account_id,
        balance=balance,
        seq=seq,
        event_seq=event_seq,
        head=head,
        **given,
    )


def entry_of(row: Row) -> Entry:
    """From an ENTRY row."""
    account_id, seq, kind, amount, balance, invoice, allocations, reverses, *cause = row[:11]
    return Entry(
        account_id,
        seq,
        Kind(kind),
        amount,
        balance,
        invoice,
        tuple(Allocation(*allocation) for allocation in allocations),
        tuple(reverses),
        Cause(*cause),
        *row[11:],
    )


READ: dict[str, Reading] = {
    "entries": (in_key_order(entries, ENTRY), entry_of),
    "grants": (in_key_order(grants, GRANT), lambda row: grant_of(row[1:])),
    "invoices": (in_key_order(invoices, INVOICE), lambda row: invoice_of(row[1:])),
    "receipts": (in_key_order(receipts, RECEIPT), lambda row: receipt_of(row)[1]),
    "amendments": AMENDMENTS,
    **CLOSED,
    **KEPT,
}
"""Everything that belongs to an account, by table."""
