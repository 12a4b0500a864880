"""The tables of the ledger. `account_id` leads every key, so the same schema shards by account.

Ids are compared byte for byte, hence the "C" collation. Checks carry the number of the promise
that they hold. What is written here and what the migrations make is compared by a test.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from db import columns
from db.columns import metadata

SELDOM = text("kind NOT IN ('application', 'deduction')")
"""Kinds of entries that come seldom beside those that use credit."""

TAGGED = text("strpos(context, '\"tags\":[') > 0")
"""Entries whose messages had tags: their context is canonical JSON."""

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
    columns.flag("apply_to_open_invoices", nullable=True),
    columns.count("low_balance", nullable=True),
    columns.word("plan", nullable=True),
    columns.flag("has_enough", server_default=text("false")),
    columns.check("i5_balance_in_range", "balance BETWEEN 0 AND 9000000000000000"),
    columns.check("i3_counters_count", "seq >= 0 AND event_seq >= 0"),
    columns.check("i5_low_balance_not_negative", "low_balance >= 0"),
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
    columns.text("asked", nullable=True),
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
    # people: what they filter by and is seldom; most messages write neither
    Index("entries_of_seldom_kinds", "account_id", "kind", "seq", postgresql_where=SELDOM),
    Index("entries_with_tags", "account_id", "seq", postgresql_where=TAGGED),
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
    Column("amendments", Integer, nullable=False, server_default=text("0")),
    columns.flag("is_announced", server_default=text("false")),
    PrimaryKeyConstraint("account_id", "grant_id"),
    columns.check("i6_the_parts_sum", "amount = used + expired + voided + moved + remaining"),
    columns.check(
        "i5_no_part_is_negative",
        "least(amount - 1, remaining, used, expired, voided, moved, held) >= 0",
    ),
    columns.check("r17_held_is_there", "held <= remaining"),
    columns.check("category_is_known", "category IN ('paid', 'promotional')"),
    columns.check("priority_in_range", "priority BETWEEN 0 AND 100"),
    columns.check("r15_amendments_count", "amendments >= 0"),
    # what a batch loads; an update that leaves the grant open touches no index
    Index("grants_open", "account_id", postgresql_where=text("is_open")),
    # what the expiry run looks for
    Index(
        "grants_due",
        "expires_at",
        postgresql_where=text("is_open AND expires_at IS NOT NULL"),
    ),
    # and what it has yet to tell of
    Index(
        "grants_to_announce",
        "expires_at",
        postgresql_where=text(
            "is_open AND expires_at IS NOT NULL AND NOT is_void AND NOT is_announced"
        ),
    ),
    # R7: an external id names one grant
    Index(
        "grants_by_external_id",
        "account_id",
        "external_id",
        unique=True,
        postgresql_where=text("external_id IS NOT NULL"),
    ),
    # people: a grant by what an accountant knows it as
    Index(
        "grants_by_reference",
        "account_id",
        "reference_number",
        postgresql_where=text("reference_number IS NOT NULL"),
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
    columns.count("written_off", server_default=text("0")),
    columns.count("revised", server_default=text("0")),
    columns.flag("is_payable", computed="status = 'open' AND applied < amount_due"),
    PrimaryKeyConstraint("account_id", "invoice"),
    columns.check("i7_applied_within_due", "applied BETWEEN 0 AND amount_due"),
    columns.check("i3_revised_counts", "revised >= 0"),
    columns.check("r19_written_off_within_applied", "written_off BETWEEN 0 AND applied"),
    columns.check(
        "status_is_known", "status IN ('draft', 'open', 'payment_pending', 'paid', 'void')"
    ),
    # R11: what a grant may pay when it comes
    Index("invoices_payable", "account_id", postgresql_where=text("is_payable")),
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
