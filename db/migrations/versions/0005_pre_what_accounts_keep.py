"""What accounts keep: settings, holds, transfers, write-offs, amendments, and what came back."""

from alembic import context, op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE accounts
    ADD COLUMN apply_to_open_invoices boolean,
    ADD COLUMN low_balance bigint,
    ADD COLUMN plan text COLLATE "C",
    ADD COLUMN has_enough boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT i5_low_balance_not_negative CHECK (low_balance >= 0);

ALTER TABLE entries ADD COLUMN asked text;

ALTER TABLE grants
    ADD COLUMN amendments integer NOT NULL DEFAULT 0,
    ADD COLUMN is_announced boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT r15_amendments_count CHECK (amendments >= 0);

CREATE INDEX grants_to_announce ON grants (expires_at)
    WHERE is_open AND expires_at IS NOT NULL AND NOT is_void AND NOT is_announced;

ALTER TABLE invoices
    ADD COLUMN written_off bigint NOT NULL DEFAULT 0,
    ADD COLUMN revised bigint NOT NULL DEFAULT 0,
    ADD COLUMN is_payable boolean NOT NULL
        GENERATED ALWAYS AS (status = 'open' AND applied < amount_due) STORED,
    ADD CONSTRAINT i3_revised_counts CHECK (revised >= 0),
    ADD CONSTRAINT r19_written_off_within_applied CHECK (written_off BETWEEN 0 AND applied);

CREATE INDEX invoices_payable ON invoices (account_id) WHERE is_payable;
"""

TABLES = """
CREATE TABLE holds (
    account_id uuid NOT NULL,
    hold text COLLATE "C" NOT NULL,
    lots jsonb NOT NULL,
    expires_at timestamptz,
    since bigint NOT NULL,
    until bigint,
    terms uuid NOT NULL,
    is_open boolean NOT NULL GENERATED ALWAYS AS (until IS NULL) STORED,
    PRIMARY KEY (account_id, hold),
    CONSTRAINT r17_ends_after_it_begins CHECK (until >= since),
    CONSTRAINT r17_something_is_held CHECK (jsonb_array_length(lots) > 0)
);

CREATE INDEX holds_open ON holds (account_id) WHERE is_open;
CREATE INDEX holds_due ON holds (expires_at) WHERE is_open AND expires_at IS NOT NULL;

CREATE TABLE transfers (
    account_id uuid NOT NULL,
    transfer text COLLATE "C" NOT NULL,
    to_customer text COLLATE "C" NOT NULL,
    amount bigint NOT NULL,
    seq bigint NOT NULL,
    terms uuid NOT NULL,
    PRIMARY KEY (account_id, transfer),
    CONSTRAINT r18_something_is_sent CHECK (amount > 0),
    CONSTRAINT i3_seq_from_one CHECK (seq >= 1)
);

CREATE TABLE writeoffs (
    account_id uuid NOT NULL,
    writeoff text COLLATE "C" NOT NULL,
    invoice text COLLATE "C" NOT NULL,
    amount bigint NOT NULL,
    seq bigint NOT NULL,
    line text COLLATE "C",
    parent text COLLATE "C",
    plan text COLLATE "C",
    is_reversed boolean NOT NULL,
    terms uuid NOT NULL,
    PRIMARY KEY (account_id, writeoff),
    CONSTRAINT r19_something_is_written_off CHECK (amount > 0),
    CONSTRAINT i3_seq_from_one CHECK (seq >= 1)
);

CREATE TABLE returned (
    account_id uuid NOT NULL,
    seq bigint NOT NULL,
    amount bigint NOT NULL,
    PRIMARY KEY (account_id, seq),
    CONSTRAINT r14_something_came_back CHECK (amount > 0)
);

CREATE TABLE amendments (
    account_id uuid NOT NULL,
    grant_id text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    seq bigint NOT NULL,
    expires_before timestamptz,
    expires_at timestamptz,
    priority_before smallint NOT NULL,
    priority smallint NOT NULL,
    memo text,
    reference_number text COLLATE "C",
    cause_source text COLLATE "C" NOT NULL,
    cause_id text COLLATE "C" NOT NULL,
    cause_type text COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL,
    context text,
    PRIMARY KEY (account_id, grant_id, number),
    CONSTRAINT r15_number_from_one CHECK (number >= 1),
    CONSTRAINT r15_after_an_entry CHECK (seq >= 1),
    CONSTRAINT priority_in_range
        CHECK (priority_before BETWEEN 0 AND 100 AND priority BETWEEN 0 AND 100)
);
"""

VIEWS = """
CREATE OR REPLACE VIEW grant_status AS
SELECT a.tenant, a.customer, a.currency, g.grant_id, g.amount, g.remaining, g.used, g.expired,
       g.voided, g.moved, g.held, g.category, g.priority, g.effective_at, g.expires_at, g.scope,
       CASE WHEN g.is_void THEN 'voided'
            WHEN g.expires_at <= now() THEN 'expired'
            WHEN g.remaining = 0 THEN 'depleted'
            WHEN g.effective_at > now() THEN 'pending'
            ELSE 'active' END AS state,
       g.external_id, g.reference_number, g.memo, g.sent_at, g.line_items, g.seq, g.account_id,
       g.amendments
FROM grants g JOIN accounts a USING (account_id);

CREATE OR REPLACE VIEW balance AS
SELECT a.tenant, a.customer, a.currency,
       coalesce(open.available, 0)::bigint AS available, a.balance, a.seq, a.decided_at,
       a.account_id, coalesce(open.held, 0)::bigint AS held
FROM accounts a LEFT JOIN LATERAL (
    SELECT sum(g.remaining - g.held + let_go.amount) FILTER (
               WHERE NOT g.is_void AND coalesce(g.effective_at <= now(), true)
                 AND coalesce(g.expires_at > now(), true)) AS available,
           sum(g.held - let_go.amount) AS held
    FROM grants g CROSS JOIN LATERAL (
        -- a hold whose time is over reserves nothing, also before its end has been written down
        SELECT coalesce(sum((lot ->> 2)::bigint), 0) AS amount
        FROM holds h CROSS JOIN LATERAL jsonb_array_elements(h.lots) AS lot
        WHERE g.held > 0 AND h.account_id = g.account_id AND h.is_open
          AND h.expires_at <= now() AND lot ->> 0 = g.grant_id
    ) AS let_go
    WHERE g.account_id = a.account_id AND g.is_open
) AS open ON true;

CREATE OR REPLACE VIEW ledger AS
SELECT a.tenant, a.customer, a.currency, e.seq, e.kind, e.amount, e.balance, e.invoice,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('grant', x.part -> 0, 'line', x.part -> 1,
                                                     'amount', x.part -> 2) ORDER BY x.n), '[]')
        FROM jsonb_array_elements(e.allocations) WITH ORDINALITY AS x(part, n)) AS allocations,
       e.reverses, e.dated_at, e.recorded_at, e.cause_source, e.cause_id, e.cause_type,
       e.order_profile, e.context::jsonb AS context, e.account_id, e.asked::jsonb AS asked
FROM entries e JOIN accounts a USING (account_id);

CREATE OR REPLACE VIEW invoice_credit AS
SELECT a.tenant, a.customer, a.currency, i.invoice, i.amount_due, i.applied,
       CASE WHEN i.status IN ('paid', 'void') THEN 0 ELSE i.amount_due - i.applied END AS due,
       i.status, i.issued_at, i.entries, i.account_id, i.written_off
FROM invoices i JOIN accounts a USING (account_id);

CREATE VIEW writeoff AS
SELECT a.tenant, a.customer, a.currency, w.writeoff, w.invoice, w.amount, w.line, w.parent, w.plan,
       CASE WHEN w.is_reversed THEN 'reversed' ELSE 'applied' END AS state,
       e.context::jsonb -> 'created_by' AS created_by, e.recorded_at,
       r.recorded_at AS reversed_at, r.context::jsonb ->> 'reason' AS reversal_reason,
       w.seq, w.account_id
FROM writeoffs w JOIN accounts a USING (account_id)
     JOIN entries e ON e.account_id = w.account_id AND e.seq = w.seq
     JOIN invoices i ON i.account_id = w.account_id AND i.invoice = w.invoice
     LEFT JOIN entries r ON w.is_reversed AND r.account_id = w.account_id
          AND r.seq = ANY (i.entries) AND r.kind = 'reversal' AND r.reverses = ARRAY[w.seq];
"""


def upgrade() -> None:
    op.execute(COLUMNS)
    op.execute(TABLES)
    op.execute(VIEWS)


def downgrade() -> None:
    """Back to the views and tables of 0004; what only these columns and tables hold is lost."""
    op.execute("DROP VIEW writeoff, grant_status, balance, ledger, invoice_credit")
    op.execute("DROP TABLE amendments, returned, writeoffs, transfers, holds")
    op.execute("DROP INDEX invoices_payable, grants_to_announce")
    op.execute(
        """ALTER TABLE invoices DROP COLUMN is_payable, DROP COLUMN written_off,
               DROP COLUMN revised"""
    )
    op.execute("ALTER TABLE grants DROP COLUMN amendments, DROP COLUMN is_announced")
    op.execute("ALTER TABLE entries DROP COLUMN asked")
    op.execute(
        """ALTER TABLE accounts DROP COLUMN apply_to_open_invoices, DROP COLUMN low_balance,
               DROP COLUMN plan, DROP COLUMN has_enough"""
    )
    first = context.script.get_revision("0001")
    assert first is not None
    op.execute(first.module.VIEWS)
