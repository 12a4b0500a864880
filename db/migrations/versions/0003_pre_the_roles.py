"""A role may be kept to some of the leases. Which one, and all privileges: db/roles.py."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Whoever has the table's privileges has every row, unless his role is kept to fewer.
    op.execute("CREATE POLICY every_lease ON leases USING (true)")
    op.execute("ALTER TABLE leases ENABLE ROW LEVEL SECURITY")
