"""To read one row by its id, and to list them, are two permissions: a function beside each view.

A function works with its owner's rights, so the views would show it everything. It asks by itself
what they ask of a reader: is the user who logged in bound to the tenant?
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BY_ID = {
    "balance_of": ("balance", ""),
    "entry_of": ("ledger", "seq bigint"),
    "grant_of": ("grant_status", "grant_id text"),
    "invoice_of": ("invoice_credit", "invoice text"),
    "writeoff_of": ("writeoff", "writeoff text"),
}
"""Each function's view, and what names one row of an account in it."""

# No name of a caller's own comes before ours: the path is fixed, its temporary schema at the end.
FUNCTION = """
DO $do$ BEGIN EXECUTE format($sql$
    CREATE FUNCTION {name}({arguments}) RETURNS SETOF {view}
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = %I, pg_temp AS $body$
        SELECT * FROM {view} AS v
        WHERE {named} AND EXISTS (
            SELECT FROM reader_tenants AS r
            WHERE r.reader = session_user::text AND r.tenant IN ({name}.tenant, '*'))
    $body$
$sql$, current_schema()); END $do$;
REVOKE ALL ON FUNCTION {name} FROM PUBLIC;
"""


def upgrade() -> None:
    for name, (view, own) in BY_ID.items():
        arguments = ["tenant text", "customer text", "currency text", *filter(None, [own])]
        columns = (argument.split()[0] for argument in arguments)
        named = " AND ".join(f"v.{column} = {name}.{column}" for column in columns)
        op.execute(
            FUNCTION.format(name=name, view=view, arguments=", ".join(arguments), named=named)
        )


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {', '.join(BY_ID)}")
