"""Closings: what an account's entries came to at some of them, for those who look things up.

They are made of entries alone, which never change, and can be made again; nothing is decided by
them. Keys, collations and checks follow the rules of `db/tables.py`.
"""

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY

from db import columns
from db.columns import metadata

closings = Table(
    "closings",
    metadata,
    columns.uuid("account_id"),
    columns.count("seq"),
    columns.count("since"),
    columns.instant("recorded_at"),
    columns.count("balance"),
    columns.count("grants"),
    Column("open_grants", ARRAY(Text(collation="C")), nullable=False),
    columns.json("sums"),
    PrimaryKeyConstraint("account_id", "seq"),
    # no two runs cut a ledger in different places
    UniqueConstraint("account_id", "since", name="each_begins_where_one_ends"),
    columns.check("i3_ends_after_it_begins", "since >= 0 AND seq > since"),
    Index("closings_by_instant", "account_id", "recorded_at", "seq"),
)
"""`seq` is the newest entry in it and `since` that of the closing before; `grants` counts those
that had come, `open_grants` names those with something left, and `sums` is what all entries so far
did, `[[category, kind, whether a write-off was taken back, signed amount], ...]`."""

closing_grants = Table(
    "closing_grants",
    metadata,
    columns.uuid("account_id"),
    columns.word("grant_id"),
    columns.count("seq"),
    columns.count("amount"),
    columns.count("used"),
    columns.count("expired"),
    columns.count("voided"),
    columns.count("moved"),
    PrimaryKeyConstraint("account_id", "grant_id", "seq"),
)
"""What had become of a grant at the closing `seq`, if an entry since the one before touched it."""
