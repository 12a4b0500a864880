"""Receipts are found by their message's id, whatever its source: the key begins with its hash.

Only when no reader of the old release is left: it would not find what has been decided.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BOTH = """sha256(int4send(octet_length(source)) || convert_to(source, 'UTF8') ||
                 int4send(octet_length(id)) || convert_to(id, 'UTF8'))"""
ALONE = "sha256(int4send(octet_length(id)) || convert_to(id, 'UTF8'))"
UPDATE = "UPDATE receipts SET key = encode({}, 'hex')::uuid"


def upgrade() -> None:
    op.execute(UPDATE.format(f"substr({ALONE}, 1, 4) || substr({BOTH}, 1, 12)"))


def downgrade() -> None:
    op.execute(UPDATE.format(f"substr({BOTH}, 1, 16)"))
