"""What an account keeps beside grants and invoices, each under a name of its own.

Keys, collations and checks follow the rules of `db/tables.py`. `lots` are written like an entry's
allocations: `[[grant, line, amount], ...]`.
"""

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, SmallInteger, Table, text

from db import columns
from db.columns import metadata

holds = Table(
    "holds",
    metadata,
    columns.uuid("account_id"),
    columns.word("hold"),
    columns.json("lots"),
    columns.instant("expires_at", nullable=True),
    columns.count("since"),
    columns.count("until", nullable=True),
    columns.uuid("terms"),
    columns.flag("is_open", computed="until IS NULL"),
    PrimaryKeyConstraint("account_id", "hold"),
    columns.check("r17_ends_after_it_begins", "until >= since"),
    columns.check("r17_something_is_held", "jsonb_array_length(lots) > 0"),
    # what a batch loads of accounts that hold something back
    Index("holds_open", "account_id", postgresql_where=text("is_open")),
    # what the expiry run looks for
    Index(
        "holds_due",
        "expires_at",
        postgresql_where=text("is_open AND expires_at IS NOT NULL"),
    ),
)

transfers = Table(
    "transfers",
    metadata,
    columns.uuid("account_id"),
    columns.word("transfer"),
    columns.word("to_customer"),
    columns.count("amount"),
    columns.count("seq"),
    columns.uuid("terms"),
    PrimaryKeyConstraint("account_id", "transfer"),
    columns.check("r18_something_is_sent", "amount > 0"),
    columns.check("i3_seq_from_one", "seq >= 1"),
)

writeoffs = Table(
    "writeoffs",
    metadata,
    columns.uuid("account_id"),
    columns.word("writeoff"),
    columns.word("invoice"),
    columns.count("amount"),
    columns.count("seq"),
    columns.word("line", nullable=True),
    columns.word("parent", nullable=True),
    columns.word("plan", nullable=True),
    columns.flag("is_reversed"),
    columns.uuid("terms"),
    PrimaryKeyConstraint("account_id", "writeoff"),
    columns.check("r19_something_is_written_off", "amount > 0"),
    columns.check("i3_seq_from_one", "seq >= 1"),
)

returned = Table(
    "returned",
    metadata,
    columns.uuid("account_id"),
    columns.count("seq"),
    columns.count("amount"),
    PrimaryKeyConstraint("account_id", "seq"),
    columns.check("r14_something_came_back", "amount > 0"),
)

amendments = Table(
    "amendments",
    metadata,
    columns.uuid("account_id"),
    columns.word("grant_id"),
    Column("number", Integer, nullable=False),
    columns.count("seq"),
    columns.instant("expires_before", nullable=True),
    columns.instant("expires_at", nullable=True),
    Column("priority_before", SmallInteger, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    columns.text("memo", nullable=True),
    columns.word("reference_number", nullable=True),
    columns.word("cause_source"),
    columns.word("cause_id"),
    columns.word("cause_type"),
    columns.instant("recorded_at"),
    columns.text("context", nullable=True),
    PrimaryKeyConstraint("account_id", "grant_id", "number"),
    columns.check("r15_number_from_one", "number >= 1"),
    columns.check("r15_after_an_entry", "seq >= 1"),
    columns.check(
        "priority_in_range", "priority_before BETWEEN 0 AND 100 AND priority BETWEEN 0 AND 100"
    ),
)
