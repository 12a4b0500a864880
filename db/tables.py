"""The tables. `account_id` leads every key of ledger data, so the same schema shards by account.

Exempt are the tables that belong to no account: tenants, leases, outbox, quarantine.
Ids are compared byte for byte, hence the "C" collation. Checks carry the number of the promise
that they hold. What is written here and what the migrations make is compared by a test.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()


def _word(name: str, **options: Any) -> Column[str]:
    """An id, compared byte for byte."""
    return Column(name, Text(collation="C"), **{"nullable": False, **options})


def _text(name: str, **options: Any) -> Column[str]:
    return Column(name, Text, **{"nullable": False, **options})


def _count(name: str, **options: Any) -> Column[int]:
    return Column(name, BigInteger, **{"nullable": False, **options})


def _instant(name: str, **options: Any) -> Column[Any]:
    return Column(name, DateTime(timezone=True), **{"nullable": False, **options})


def _uuid(name: str, **options: Any) -> Column[Any]:
    return Column(name, Uuid, **{"nullable": False, **options})


def _flag(name: str, computed: str | None = None, **options: Any) -> Column[bool]:
    derived = [Computed(computed, persisted=True)] if computed else []
    return Column(name, Boolean, *derived, **{"nullable": False, **options})


def _json(name: str, **options: Any) -> Column[Any]:
    return Column(name, JSONB, **{"nullable": False, **options})


def _check(name: str, condition: str) -> CheckConstraint:
    return CheckConstraint(condition, name=name)


_NOW = text("clock_timestamp()")

accounts = Table(
    "accounts",
    metadata,
    _uuid("account_id", primary_key=True),
    Column("bucket", SmallInteger, nullable=False),
    _word("tenant"),
    _word("customer"),
    _word("currency"),
    _count("balance", server_default=text("0")),
    _count("seq", server_default=text("0")),
    _count("event_seq", server_default=text("0")),
    Column(
        "head",
        LargeBinary,
        nullable=False,
        server_default=text("decode(repeat('00', 32), 'hex')"),
    ),
    _instant("decided_at", nullable=True),
    _flag("auto_apply", nullable=True),
    _check("i5_balance_in_range", "balance BETWEEN 0 AND 9000000000000000"),
    _check("i3_counters_count", "seq >= 0 AND event_seq >= 0"),
    _check("i10_head_is_a_hash", "octet_length(head) = 32"),
    # a customer's accounts, whatever their currency
    Index("accounts_by_customer", "tenant", "customer"),
    postgresql_with={"fillfactor": 70},
)

entries = Table(
    "entries",
    metadata,
    _uuid("account_id"),
    _count("seq"),
    _text("kind"),
    _count("amount"),
    _count("balance"),
    _word("invoice", nullable=True),
    _json("allocations"),
    Column("reverses", ARRAY(BigInteger), nullable=False),
    _word("cause_source"),
    _word("cause_id"),
    _word("cause_type"),
    _word("order_profile"),
    _instant("recorded_at"),
    _instant("dated_at"),
    _text("context", nullable=True),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("account_id", "seq"),
    _check("i3_seq_from_one", "seq >= 1"),
    _check(
        "i5_balances_in_range",
        "balance BETWEEN 0 AND 9000000000000000 AND balance - amount >= 0",
    ),
    _check(
        "kind_is_known",
        "kind IN ('grant', 'deduction', 'application', 'reversal', 'expiry', 'void', "
        "'transfer_out', 'transfer_in', 'writeoff_grant', 'writeoff_application')",
    ),
    _check(
        "kind_gives_the_sign",
        "CASE WHEN kind IN ('grant', 'reversal', 'transfer_in', 'writeoff_grant') "
        "THEN amount > 0 ELSE amount < 0 END",
    ),
    _check("i10_hash_is_a_hash", "octet_length(hash) = 32"),
)

grants = Table(
    "grants",
    metadata,
    _uuid("account_id"),
    _word("grant_id"),
    _count("seq"),
    _count("amount"),
    _count("remaining"),
    _count("used"),
    _count("expired"),
    _count("voided"),
    _count("moved"),
    _count("held"),
    _text("category"),
    Column("priority", SmallInteger, nullable=False),
    _instant("effective_at", nullable=True),
    _instant("expires_at", nullable=True),
    Column("scope", ARRAY(Text(collation="C")), nullable=False),
    _flag("is_void"),
    _word("external_id", nullable=True),
    _flag("named"),
    _uuid("terms"),
    _text("memo", nullable=True),
    _instant("sent_at", nullable=True),
    _word("reference_number", nullable=True),
    _json("line_items", nullable=True),
    _flag("is_open", computed="remaining > 0"),
    PrimaryKeyConstraint("account_id", "grant_id"),
    _check("i6_the_parts_sum", "amount = used + expired + voided + moved + remaining"),
    _check(
        "i5_no_part_is_negative",
        "least(amount - 1, remaining, used, expired, voided, moved, held) >= 0",
    ),
    _check("r17_held_is_there", "held <= remaining"),
    _check("category_is_known", "category IN ('paid', 'promotional')"),
    _check("priority_in_range", "priority BETWEEN 0 AND 100"),
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
    _uuid("account_id"),
    _word("invoice"),
    _count("amount_due"),
    _count("applied"),
    _text("status"),
    _flag("auto_apply", nullable=True),
    _instant("issued_at", nullable=True),
    _json("lines", nullable=True),
    _json("uses"),
    Column("entries", ARRAY(BigInteger), nullable=False),
    _uuid("terms", nullable=True),
    PrimaryKeyConstraint("account_id", "invoice"),
    _check("i7_applied_within_due", "applied BETWEEN 0 AND amount_due"),
    _check("status_is_known", "status IN ('draft', 'open', 'payment_pending', 'paid', 'void')"),
    postgresql_with={"fillfactor": 90},
)

receipts = Table(
    "receipts",
    metadata,
    _uuid("account_id"),
    _uuid("key"),
    _word("source"),
    _word("id"),
    _word("type"),
    _uuid("digest"),
    _text("outcome"),
    _text("reason", nullable=True),
    _instant("decided_at"),
    _instant("business_at"),
    _count("seq_first", nullable=True),
    _count("seq_last", nullable=True),
    _count("event_seq"),
    _json("attributes", nullable=True),
    Column("repeats", Integer, nullable=False),
    Column("conflicts", Integer, nullable=False),
    PrimaryKeyConstraint("account_id", "key"),
    _check("outcome_is_known", "outcome IN ('applied', 'refused')"),
    _check("a_refusal_has_its_reason", "(reason IS NOT NULL) = (outcome = 'refused')"),
    postgresql_with={"fillfactor": 90},
)

tenants = Table(
    "tenants",
    metadata,
    _word("tenant"),
    Column("version", Integer, nullable=False),
    _json("settings"),
    _instant("since", server_default=_NOW),
    PrimaryKeyConstraint("tenant", "version"),
)

leases = Table(
    "leases",
    metadata,
    _word("name", primary_key=True),
    _count("epoch"),
    _text("holder"),
    _instant("expires_at"),
    postgresql_with={"fillfactor": 10},
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("events", LargeBinary, nullable=False),
    _instant("committed_at", server_default=_NOW),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("raw", LargeBinary, nullable=False),
    _text("reason"),
    _word("message_id", nullable=True),
    _text("state", server_default="held"),
    _instant("since", server_default=_NOW),
    _check("state_is_known", "state IN ('held', 'redriven', 'discarded')"),
)
