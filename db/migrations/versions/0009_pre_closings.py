"""What an account's entries came to at some of them, so that nobody has to add up all of them."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE closings (
    account_id uuid NOT NULL,
    seq bigint NOT NULL,
    since bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    balance bigint NOT NULL,
    grants bigint NOT NULL,
    open_grants text[] COLLATE "C" NOT NULL,
    sums jsonb NOT NULL,
    PRIMARY KEY (account_id, seq),
    CONSTRAINT each_begins_where_one_ends UNIQUE (account_id, since),
    CONSTRAINT i3_ends_after_it_begins CHECK (since >= 0 AND seq > since)
);

CREATE INDEX closings_by_instant ON closings (account_id, recorded_at, seq);

CREATE TABLE closing_grants (
    account_id uuid NOT NULL,
    grant_id text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    amount bigint NOT NULL,
    used bigint NOT NULL,
    expired bigint NOT NULL,
    voided bigint NOT NULL,
    moved bigint NOT NULL,
    PRIMARY KEY (account_id, grant_id, seq)
);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    """All of it can be made again from the entries."""
    op.execute("DROP TABLE closing_grants, closings")
