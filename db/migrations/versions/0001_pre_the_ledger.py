"""The ledger: accounts, entries, grants, invoices, receipts, and what stands around them."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = """
CREATE TABLE accounts (
    account_id uuid PRIMARY KEY,
    bucket smallint NOT NULL,
    tenant text COLLATE "C" NOT NULL,
    customer text COLLATE "C" NOT NULL,
    currency text COLLATE "C" NOT NULL,
    balance bigint NOT NULL DEFAULT 0,
    seq bigint NOT NULL DEFAULT 0,
    event_seq bigint NOT NULL DEFAULT 0,
    head bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    decided_at timestamptz,
    auto_apply boolean,
    CONSTRAINT i5_balance_in_range CHECK (balance BETWEEN 0 AND 9000000000000000),
    CONSTRAINT i3_counters_count CHECK (seq >= 0 AND event_seq >= 0),
    CONSTRAINT i10_head_is_a_hash CHECK (octet_length(head) = 32)
) WITH (fillfactor = 70);

CREATE INDEX accounts_by_customer ON accounts (tenant, customer);

CREATE TABLE entries (
    account_id uuid NOT NULL,
    seq bigint NOT NULL,
    kind text NOT NULL,
    amount bigint NOT NULL,
    balance bigint NOT NULL,
    invoice text COLLATE "C",
    allocations jsonb NOT NULL,
    reverses bigint[] NOT NULL,
    cause_source text COLLATE "C" NOT NULL,
    cause_id text COLLATE "C" NOT NULL,
    cause_type text COLLATE "C" NOT NULL,
    order_profile text COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL,
    dated_at timestamptz NOT NULL,
    context text,
    hash bytea NOT NULL,
    PRIMARY KEY (account_id, seq),
    CONSTRAINT i3_seq_from_one CHECK (seq >= 1),
    CONSTRAINT i5_balances_in_range
        CHECK (balance BETWEEN 0 AND 9000000000000000 AND balance - amount >= 0),
    CONSTRAINT kind_is_known CHECK (kind IN ('grant', 'deduction', 'application', 'reversal',
        'expiry', 'void', 'transfer_out', 'transfer_in', 'writeoff_grant', 'writeoff_application')),
    CONSTRAINT kind_gives_the_sign CHECK (CASE
        WHEN kind IN ('grant', 'reversal', 'transfer_in', 'writeoff_grant') THEN amount > 0
        ELSE amount < 0 END),
    CONSTRAINT i10_hash_is_a_hash CHECK (octet_length(hash) = 32)
);

CREATE FUNCTION entries_are_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries are never updated or deleted (I10); a correction is a new entry';
END $$;

CREATE TRIGGER i10_immutable BEFORE UPDATE OR DELETE ON entries
    FOR EACH ROW EXECUTE FUNCTION entries_are_immutable();
CREATE TRIGGER i10_not_truncated BEFORE TRUNCATE ON entries
    FOR EACH STATEMENT EXECUTE FUNCTION entries_are_immutable();

CREATE TABLE grants (
    account_id uuid NOT NULL,
    grant_id text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    amount bigint NOT NULL,
    remaining bigint NOT NULL,
    used bigint NOT NULL,
    expired bigint NOT NULL,
    voided bigint NOT NULL,
    moved bigint NOT NULL,
    held bigint NOT NULL,
    category text NOT NULL,
    priority smallint NOT NULL,
    effective_at timestamptz,
    expires_at timestamptz,
    scope text[] COLLATE "C" NOT NULL,
    is_void boolean NOT NULL,
    external_id text COLLATE "C",
    named boolean NOT NULL,
    terms uuid NOT NULL,
    memo text,
    sent_at timestamptz,
    reference_number text COLLATE "C",
    line_items jsonb,
    is_open boolean NOT NULL GENERATED ALWAYS AS (remaining > 0) STORED,
    PRIMARY KEY (account_id, grant_id),
    CONSTRAINT i6_the_parts_sum
        CHECK (amount = used + expired + voided + moved + remaining),
    CONSTRAINT i5_no_part_is_negative
        CHECK (least(amount - 1, remaining, used, expired, voided, moved, held) >= 0),
    CONSTRAINT r17_held_is_there CHECK (held <= remaining),
    CONSTRAINT category_is_known CHECK (category IN ('paid', 'promotional')),
    CONSTRAINT priority_in_range CHECK (priority BETWEEN 0 AND 100)
) WITH (fillfactor = 70);

CREATE INDEX grants_open ON grants (account_id) WHERE is_open;
CREATE INDEX grants_due ON grants (expires_at) WHERE is_open AND expires_at IS NOT NULL;
CREATE UNIQUE INDEX grants_by_external_id ON grants (account_id, external_id)
    WHERE external_id IS NOT NULL;

CREATE TABLE invoices (
    account_id uuid NOT NULL,
    invoice text COLLATE "C" NOT NULL,
    amount_due bigint NOT NULL,
    applied bigint NOT NULL,
    status text NOT NULL,
    auto_apply boolean,
    issued_at timestamptz,
    lines jsonb,
    uses jsonb NOT NULL,
    entries bigint[] NOT NULL,
    terms uuid,
    PRIMARY KEY (account_id, invoice),
    CONSTRAINT i7_applied_within_due CHECK (applied BETWEEN 0 AND amount_due),
    CONSTRAINT status_is_known
        CHECK (status IN ('draft', 'open', 'payment_pending', 'paid', 'void'))
) WITH (fillfactor = 90);

CREATE TABLE receipts (
    account_id uuid NOT NULL,
    key uuid NOT NULL,
    source text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    digest uuid NOT NULL,
    outcome text NOT NULL,
    reason text,
    decided_at timestamptz NOT NULL,
    business_at timestamptz NOT NULL,
    seq_first bigint,
    seq_last bigint,
    event_seq bigint NOT NULL,
    attributes jsonb,
    repeats integer NOT NULL,
    conflicts integer NOT NULL,
    PRIMARY KEY (account_id, key),
    CONSTRAINT outcome_is_known CHECK (outcome IN ('applied', 'refused')),
    CONSTRAINT a_refusal_has_its_reason CHECK ((reason IS NOT NULL) = (outcome = 'refused'))
) WITH (fillfactor = 90);

CREATE TABLE tenants (
    tenant text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    settings jsonb NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, version)
);

CREATE TABLE leases (
    name text COLLATE "C" PRIMARY KEY,
    epoch bigint NOT NULL,
    holder text NOT NULL,
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 10);

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    events bytea NOT NULL,
    committed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE outbox ALTER COLUMN events SET STORAGE EXTERNAL;

CREATE TABLE quarantine (
    digest bytea PRIMARY KEY,
    raw bytea NOT NULL,
    reason text NOT NULL,
    message_id text COLLATE "C",
    state text NOT NULL DEFAULT 'held',
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT state_is_known CHECK (state IN ('held', 'redriven', 'discarded'))
);
"""

VIEWS = """
CREATE VIEW grant_status AS
SELECT a.tenant, a.customer, a.currency, g.grant_id, g.amount, g.remaining, g.used, g.expired,
       g.voided, g.moved, g.held, g.category, g.priority, g.effective_at, g.expires_at, g.scope,
       CASE WHEN g.is_void THEN 'voided'
            WHEN g.expires_at <= now() THEN 'expired'
            WHEN g.remaining = 0 THEN 'depleted'
            WHEN g.effective_at > now() THEN 'pending'
            ELSE 'active' END AS state,
       g.external_id, g.reference_number, g.memo, g.sent_at, g.line_items, g.seq, g.account_id
FROM grants g JOIN accounts a USING (account_id);

CREATE VIEW balance AS
SELECT a.tenant, a.customer, a.currency,
       coalesce((SELECT sum(g.remaining - g.held) FROM grants g
                 WHERE g.account_id = a.account_id AND g.is_open AND NOT g.is_void
                   AND (g.effective_at IS NULL OR g.effective_at <= now())
                   AND (g.expires_at IS NULL OR g.expires_at > now())), 0)::bigint AS available,
       a.balance, a.seq, a.decided_at, a.account_id
FROM accounts a;

CREATE VIEW ledger AS
SELECT a.tenant, a.customer, a.currency, e.seq, e.kind, e.amount, e.balance, e.invoice,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('grant', x.part -> 0, 'line', x.part -> 1,
                                                     'amount', x.part -> 2) ORDER BY x.n), '[]')
        FROM jsonb_array_elements(e.allocations) WITH ORDINALITY AS x(part, n)) AS allocations,
       e.reverses, e.dated_at, e.recorded_at, e.cause_source, e.cause_id, e.cause_type,
       e.order_profile, e.context::jsonb AS context, e.account_id
FROM entries e JOIN accounts a USING (account_id);

CREATE VIEW invoice_credit AS
SELECT a.tenant, a.customer, a.currency, i.invoice, i.amount_due, i.applied,
       CASE WHEN i.status IN ('paid', 'void') THEN 0 ELSE i.amount_due - i.applied END AS due,
       i.status, i.issued_at, i.entries, i.account_id
FROM invoices i JOIN accounts a USING (account_id);
"""


def upgrade() -> None:
    op.execute(SCHEMA)
    op.execute(VIEWS)
