"""Indexes for what people filter by; a message whose rows are in none of them pays for none."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INDEXES = """
CREATE INDEX entries_of_seldom_kinds ON entries (account_id, kind, seq)
    WHERE kind NOT IN ('application', 'deduction');
CREATE INDEX entries_with_tags ON entries (account_id, seq)
    WHERE strpos(context, '"tags":[') > 0;
CREATE INDEX grants_by_reference ON grants (account_id, reference_number)
    WHERE reference_number IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(INDEXES)


def downgrade() -> None:
    op.execute("DROP INDEX entries_of_seldom_kinds, entries_with_tags, grants_by_reference")
