"""Readers in SQL see the tenants they are bound to, and no others; the views say more."""

from alembic import context, op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE reader_tenants (
    reader text COLLATE "C" NOT NULL,
    tenant text COLLATE "C" NOT NULL,
    PRIMARY KEY (reader, tenant)
);
"""

# Who may read the table of accounts has nothing to be kept from. Everybody else has the tenants of
# the user who logged in: SET ROLE does not change that one, and no reader can set it. A regclass is
# an oid from here on, so that a temporary `accounts` of a reader's own is not asked instead.
SEEN = """
    (SELECT has_table_privilege('accounts'::regclass, 'SELECT')
            OR EXISTS (SELECT FROM reader_tenants
                       WHERE reader = session_user::text AND tenant = '*'))
    OR a.tenant IN (SELECT tenant FROM reader_tenants WHERE reader = session_user::text)
"""

# security_barrier: no function of a reader's own sees a row before it is known to be his.
VIEWS = """
CREATE OR REPLACE VIEW grant_status WITH (security_barrier) AS
SELECT a.tenant, a.customer, a.currency, g.grant_id, g.amount, g.remaining, g.used, g.expired,
       g.voided, g.moved, g.held, g.category, g.priority, g.effective_at, g.expires_at, g.scope,
       CASE WHEN g.is_void THEN 'voided'
            WHEN g.expires_at <= now() THEN 'expired'
            WHEN g.remaining = 0 THEN 'depleted'
            WHEN g.effective_at > now() THEN 'pending'
            ELSE 'active' END AS state,
       g.external_id, g.reference_number, g.memo, g.sent_at, g.line_items, g.seq, g.account_id,
       g.amendments, e.recorded_at AS created_at
FROM grants g JOIN accounts a USING (account_id)
     LEFT JOIN entries e ON e.account_id = g.account_id AND e.seq = g.seq
WHERE {SEEN};

CREATE OR REPLACE VIEW balance WITH (security_barrier) AS
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
) AS open ON true
WHERE {SEEN};

CREATE OR REPLACE VIEW ledger WITH (security_barrier) AS
SELECT a.tenant, a.customer, a.currency, e.seq, e.kind, e.amount, e.balance, e.invoice,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('grant', x.part -> 0, 'line', x.part -> 1,
                                                     'amount', x.part -> 2) ORDER BY x.n), '[]')
        FROM jsonb_array_elements(e.allocations) WITH ORDINALITY AS x(part, n)) AS allocations,
       e.reverses, e.dated_at, e.recorded_at, e.cause_source, e.cause_id, e.cause_type,
       e.order_profile, e.context::jsonb AS context, e.account_id, e.asked::jsonb AS asked,
       e.context::jsonb ->> 'note' AS note, e.context::jsonb -> 'created_by' AS created_by
FROM entries e JOIN accounts a USING (account_id)
WHERE {SEEN};

CREATE OR REPLACE VIEW invoice_credit WITH (security_barrier) AS
SELECT a.tenant, a.customer, a.currency, i.invoice, i.amount_due, i.applied,
       CASE WHEN i.status IN ('paid', 'void') THEN 0 ELSE i.amount_due - i.applied END AS due,
       i.status, i.issued_at, i.entries, i.account_id, i.written_off
FROM invoices i JOIN accounts a USING (account_id)
WHERE {SEEN};

CREATE OR REPLACE VIEW writeoff WITH (security_barrier) AS
SELECT a.tenant, a.customer, a.currency, w.writeoff, w.invoice, w.amount, w.line, w.parent, w.plan,
       CASE WHEN w.is_reversed THEN 'reversed' ELSE 'applied' END AS state,
       e.context::jsonb -> 'created_by' AS created_by, e.recorded_at,
       r.recorded_at AS reversed_at, r.context::jsonb ->> 'reason' AS reversal_reason,
       w.seq, w.account_id
FROM writeoffs w JOIN accounts a USING (account_id)
     JOIN entries e ON e.account_id = w.account_id AND e.seq = w.seq
     JOIN invoices i ON i.account_id = w.account_id AND i.invoice = w.invoice
     LEFT JOIN entries r ON w.is_reversed AND r.account_id = w.account_id
          AND r.seq = ANY (i.entries) AND r.kind = 'reversal' AND r.reverses = ARRAY[w.seq]
WHERE {SEEN};
""".replace("{SEEN}", SEEN)


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(VIEWS)


def downgrade() -> None:
    """Back to views that show every reader everything."""
    op.execute("DROP VIEW writeoff, grant_status, balance, ledger, invoice_credit")
    op.execute("DROP TABLE reader_tenants")
    before = context.script.get_revision("0005")
    assert before is not None
    op.execute(before.module.VIEWS)
