"""The tables. `account_id` leads every key of ledger data, so the same schema shards by account.

Exempt are the tables that belong to no account: tenants, leases, outbox, quarantine.
Ids are compared byte for byte, hence the "C" collation. Checks carry the number of the promise
that they hold. What is written here and what the migrations make is compared by a test.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from db import columns

metadata = MetaData()

_NOW = text("clock_timestamp()")

accounts = Table(
    "accounts",
    metadata,
    columns.uuid("account_id", primary_key=True),
    Column("bucket", SmallInteger, nullable=False),
    columns.word("tenant"),
    columns.word("customer"),
    columns.word("currency"),
    columns.count("balance", server_default=text("0")),
    columns.count("seq", server_default=text("0")),
    columns.count("event_seq", server_default=text("0")),
    Column(
        "head",
        LargeBinary,
        nullable=False,
        server_default=text("decode(repeat('00', 32), 'hex')"),
    ),
    columns.instant("decided_at", nullable=True),
    columns.flag("auto_apply", nullable=True),
    columns.check("i5_balance_in_range", "balance BETWEEN 0 AND 9000000000000000"),
    columns.check("i3_counters_count", "seq >= 0 AND event_seq >= 0"),
    columns.check("i10_head_is_a_hash", "octet_length(head) = 32"),
    # a customer's accounts, whatever their currency
    Index("accounts_by_customer", "tenant", "customer"),
    postgresql_with={"fillfactor": 70},
)

entries = Table(
    "entries",
    metadata,
    columns.uuid("account_id"),
    columns.count("seq"),
    columns.text("kind"),
    columns.count("amount"),
    columns.count("balance"),
    columns.word("invoice", nullable=True),
    columns.json("allocations"),
    Column("reverses", ARRAY(BigInteger), nullable=False),
    columns.word("cause_source"),
    columns.word("cause_id"),
    columns.word("cause_type"),
    columns.word("order_profile"),
    columns.instant("recorded_at"),
    columns.instant("dated_at"),
    columns.text("context", nullable=True),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("account_id", "seq"),
    columns.check("i3_seq_from_one", "seq >= 1"),
    columns.check(
        "i5_balances_in_range",
        "balance BETWEEN 0 AND 9000000000000000 AND balance - amount >= 0",
    ),
    columns.check(
        "kind_is_known",
        "kind IN ('grant', 'deduction', 'application', 'reversal', 'expiry', 'void', "
        "'transfer_out', 'transfer_in', 'writeoff_grant', 'writeoff_application')",
    ),
    columns.check(
        "kind_gives_the_sign",
        "CASE WHEN kind IN ('grant', 'reversal', 'transfer_in', 'writeoff_grant') "
        "THEN amount > 0 ELSE amount < 0 END",
    ),
    columns.check("i10_hash_is_a_hash", "octet_length(hash) = 32"),
)

grants = Table(
    "grants",
    metadata,
    columns.uuid("account_id"),
    columns.word("grant_id"),
    columns.count("seq"),
    columns.count("amount"),
    columns.count("remaining"),
    columns.count("used"),
    columns.count("expired"),
    columns.count("voided"),
    columns.count("moved"),
    columns.count("held"),
    columns.text("category"),
    Column("priority", SmallInteger, nullable=False),
    columns.instant("effective_at", nullable=True),
    columns.instant("expires_at", nullable=True),
    Column("scope", ARRAY(Text(collation="C")), nullable=False),
    columns.flag("is_void"),
    columns.word("external_id", nullable=True),
    columns.flag("named"),
    columns.uuid("terms"),
    columns.text("memo", nullable=True),
    columns.instant("sent_at", nullable=True),
    columns.word("reference_number", nullable=True),
    columns.json("line_items", nullable=True),
    columns.flag("is_open", computed="remaining > 0"),
    PrimaryKeyConstraint("account_id", "grant_id"),
    columns.check("i6_the_parts_sum", "amount = used + expired + voided + moved + remaining"),
    columns.check(
        "i5_no_part_is_negative",
        "least(amount - 1, remaining, used, expired, voided, moved, held) >= 0",
    ),
    columns.check("r17_held_is_there", "held <= remaining"),
    columns.check("category_is_known", "category IN ('paid', 'promotional')"),
    columns.check("priority_in_range", "priority BETWEEN 0 AND 100"),
    # what a batch loads; an update that leaves the grant open touches no index
    Index("grants_open", "account_id", postgresql_where=text("is_open")),
    # what the expiry run looks for
    Index(
        "grants_due",
        "expires_at",
        postgresql_where=text("is_open AND expires_at IS NOT NULL"),
    ),
    # R7: an external id names one grant
    Index(
        "grants_by_external_id",
        "account_id",
        "external_id",
        unique=True,
        postgresql_where=text("external_id IS NOT NULL"),
    ),
    postgresql_with={"fillfactor": 70},
)

invoices = Table(
    "invoices",
    metadata,
    columns.uuid("account_id"),
    columns.word("invoice"),
    columns.count("amount_due"),
    columns.count("applied"),
    columns.text("status"),
    columns.flag("auto_apply", nullable=True),
    columns.instant("issued_at", nullable=True),
    columns.json("lines", nullable=True),
    columns.json("uses"),
    Column("entries", ARRAY(BigInteger), nullable=False),
    columns.uuid("terms", nullable=True),
    PrimaryKeyConstraint("account_id", "invoice"),
    columns.check("i7_applied_within_due", "applied BETWEEN 0 AND amount_due"),
    columns.check(
        "status_is_known", "status IN ('draft', 'open', 'payment_pending', 'paid', 'void')"
    ),
    postgresql_with={"fillfactor": 90},
)

receipts = Table(
    "receipts",
    metadata,
    columns.uuid("account_id"),
    columns.uuid("key"),
    columns.word("source"),
    columns.word("id"),
    columns.word("type"),
    columns.uuid("digest"),
    columns.text("outcome"),
    columns.text("reason", nullable=True),
    columns.instant("decided_at"),
    columns.instant("business_at"),
    columns.count("seq_first", nullable=True),
    columns.count("seq_last", nullable=True),
    columns.count("event_seq"),
    columns.json("attributes", nullable=True),
    Column("repeats", Integer, nullable=False),
    Column("conflicts", Integer, nullable=False),
    PrimaryKeyConstraint("account_id", "key"),
    columns.check("outcome_is_known", "outcome IN ('applied', 'refused')"),
    columns.check("a_refusal_has_its_reason", "(reason IS NOT NULL) = (outcome = 'refused')"),
    postgresql_with={"fillfactor": 90},
)

tenants = Table(
    "tenants",
    metadata,
    columns.word("tenant"),
    Column("version", Integer, nullable=False),
    columns.json("settings"),
    columns.instant("since", server_default=_NOW),
    PrimaryKeyConstraint("tenant", "version"),
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
    columns.check("state_is_known", "state IN ('held', 'redriven', 'discarded')"),
)
