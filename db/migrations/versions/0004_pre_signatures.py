"""The quarantine keeps the signature that a message came with, for its redrive."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE quarantine ADD COLUMN signature text")
