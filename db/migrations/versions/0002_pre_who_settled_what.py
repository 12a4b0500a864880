"""The quarantine notes who sent a message back or gave it up, when, and what they said of it."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """ALTER TABLE quarantine
               ADD COLUMN handled_at timestamptz,
               ADD COLUMN handled_by text,
               ADD COLUMN note text"""
    )
