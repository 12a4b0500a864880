"""The tables that belong to no account, and so are exempt from keys that `account_id` leads."""

from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    text,
)

from db import columns
from db.columns import metadata

_NOW = text("clock_timestamp()")

tenants = Table(
    "tenants",
    metadata,
    columns.word("tenant"),
    Column("version", Integer, nullable=False),
    columns.json("settings"),
    columns.instant("since", server_default=_NOW),
    PrimaryKeyConstraint("tenant", "version"),
)

reader_tenants = Table(
    "reader_tenants",
    metadata,
    columns.word("reader"),
    columns.word("tenant"),
    PrimaryKeyConstraint("reader", "tenant"),
)

leases = Table(
    "leases",
    metadata,
    columns.word("name", primary_key=True),
    columns.count("epoch"),
    columns.text("holder"),
    columns.instant("expires_at"),
    postgresql_with={"fillfactor": 10},
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("events", LargeBinary, nullable=False),
    columns.instant("committed_at", server_default=_NOW),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("raw", LargeBinary, nullable=False),
    columns.text("reason"),
    columns.word("message_id", nullable=True),
    columns.text("state", server_default="held"),
    columns.instant("since", server_default=_NOW),
    columns.instant("handled_at", nullable=True),
    columns.text("handled_by", nullable=True),
    columns.text("note", nullable=True),
    columns.text("signature", nullable=True),
    columns.check("state_is_known", "state IN ('held', 'redriven', 'discarded')"),
)
