"""The roles, and what each may do: the one place where privileges are declared.

They are group roles, so nobody logs in as one: a login is made a member, and whoever logs in with
more rights than that steps down (`db/engine.py`). `scrip migrate` ends with `establish`, so a
migration that adds a table adds it here and does nothing else. What is given to these roles
elsewhere is taken back; for other needs there are other roles.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, text

WORKER, RELAY = "scrip_worker", "scrip_relay"
READER, FINDER = "scrip_reader", "scrip_finder"
"""A reader may list; a finder is shown one row at a time, and has to name it."""

Rights = frozenset[str]
"""As GRANT says them: `SELECT`, or for a column `UPDATE (balance)`."""

VIEWS = ("balance", "ledger", "grant_status", "invoice_credit", "writeoff")


def _may(do: str, update: str = "") -> Rights:
    return frozenset(do.split()) | {f"UPDATE ({column})" for column in update.split()}


_LEASES = _may("SELECT INSERT", update="epoch holder expires_at")

PRIVILEGES: dict[str, dict[str, Rights]] = {
    WORKER: {
        "accounts": _may(
            "SELECT INSERT",
            update="balance seq event_seq head decided_at has_enough "
            "auto_apply apply_to_open_invoices low_balance plan",
        ),
        "entries": _may("SELECT INSERT"),
        "grants": _may(
            "SELECT INSERT",
            update="remaining used expired voided moved held is_void is_announced "
            "expires_at priority memo reference_number amendments",
        ),
        "invoices": _may(
            "SELECT INSERT",
            update="amount_due applied status auto_apply issued_at lines uses entries terms "
            "written_off revised",
        ),
        "holds": _may("SELECT INSERT", update="until"),
        "transfers": _may("SELECT INSERT"),
        "writeoffs": _may("SELECT INSERT", update="is_reversed"),
        "returned": _may("SELECT INSERT", update="amount"),
        "amendments": _may("SELECT INSERT"),
        "receipts": _may("SELECT INSERT", update="repeats conflicts"),
        **dict.fromkeys(("closings", "closing_grants"), _may("SELECT INSERT")),
        "tenants": _may("SELECT INSERT"),
        "reader_tenants": _may("SELECT"),
        "leases": _LEASES,
        "outbox": _may("SELECT INSERT"),
        "quarantine": _may(
            "SELECT INSERT", update="reason state signature handled_at handled_by note"
        ),
        "alembic_version": _may("SELECT"),
        **dict.fromkeys(VIEWS, _may("SELECT")),
    },
    RELAY: {
        "outbox": _may("SELECT DELETE"),
        "leases": _LEASES,
        "alembic_version": _may("SELECT"),
    },
    READER: dict.fromkeys(VIEWS, _may("SELECT")),
    FINDER: {},
}
_BY_ID = dict.fromkeys(
    (
        "balance_of(text,text,text)",
        "entry_of(text,text,text,bigint)",
        "grant_of(text,text,text,text)",
        "invoice_of(text,text,text,text)",
        "writeoff_of(text,text,text,text)",
    ),
    _may("EXECUTE"),
)
FUNCTIONS: dict[str, dict[str, Rights]] = {READER: _BY_ID, FINDER: _BY_ID}
"""Who may call what; nobody else, not even PUBLIC."""

ROWS = {(RELAY, "leases"): "name LIKE 'relay/%'"}
"""Where a role is kept to some of a table's rows."""

Given = set[tuple[str, str, str]]
"""Role, table or `FUNCTION f(types)`, and right."""

_GIVEN = """
SELECT rolname, relname, privilege_type
FROM pg_class JOIN pg_namespace ON relnamespace = pg_namespace.oid AND nspname = current_schema(),
     aclexplode(relacl) JOIN pg_roles ON grantee = pg_roles.oid
WHERE rolname = ANY(:roles) AND relname = ANY(:tables)
UNION ALL
SELECT rolname, relname, format('%s (%s)', privilege_type, attname)
FROM pg_class JOIN pg_namespace ON relnamespace = pg_namespace.oid AND nspname = current_schema()
     JOIN pg_attribute ON attrelid = pg_class.oid,
     aclexplode(attacl) JOIN pg_roles ON grantee = pg_roles.oid
WHERE rolname = ANY(:roles) AND relname = ANY(:tables)
UNION ALL
SELECT rolname, function, privilege_type
FROM pg_proc JOIN pg_namespace ON pronamespace = pg_namespace.oid AND nspname = current_schema(),
     format('FUNCTION %s', pg_proc.oid::regprocedure) AS function,
     aclexplode(proacl) JOIN pg_roles ON grantee = pg_roles.oid
WHERE rolname = ANY(:roles) AND function = ANY(:tables)
"""
_LACKING = """
SELECT DISTINCT relation FROM unnest(CAST(:tables AS text[]), CAST(:rights AS text[]))
     AS declared (relation, privilege),
     regexp_match(privilege, '^(\\w+)(?: \\((\\w+)\\))?$') AS part
WHERE NOT CASE WHEN part[2] IS NULL THEN has_table_privilege(relation, part[1])
               ELSE has_column_privilege(relation, part[2], part[1]) END
ORDER BY relation
"""
_STANDING = """
SELECT session_user, current_user,
       has_table_privilege('entries', 'UPDATE') OR has_table_privilege('entries', 'DELETE')
"""
_FOUND = "SELECT rolname FROM pg_roles WHERE rolname = ANY(:roles)"
_MAY_STEP_DOWN = """
SELECT pg_has_role(:role, CASE WHEN current_setting('server_version_num')::integer < 160000
                               THEN 'MEMBER' ELSE 'SET' END)
"""
_SEES_SCHEMA = "SELECT has_schema_privilege(:role, current_schema(), 'USAGE')"


class Standing(NamedTuple):
    """What a session is to the database."""

    user: str
    """Who logged in."""
    role: str
    """Whose privileges count: the role it has stepped down to, or the user again."""
    may_change_ledger: bool
    """Whether only the trigger protects entries from it (I10)."""


def establish(connection: Connection) -> list[str]:
    """Make the roles, and give them the declared privileges and no others.

    Returns the roles that are missing because this user may not make any. Safe to run again, and at
    the same time for other databases: roles belong to the server. Nothing ever drops one.
    """
    for role in missing_roles(connection):
        _attempt(connection, f"CREATE ROLE {role} NOLOGIN")
    missing = missing_roles(connection)
    there = [role for role in PRIVILEGES if role not in missing]
    for role in there:
        _let_in(connection, role)
    declared = _declared(there)
    for role, table, rights in _grouped(_given(connection) - declared):
        connection.execute(text(f"REVOKE {rights} ON {table} FROM {role}"))
    # Taking a privilege from a table takes it from the columns as well, so look again.
    for role, table, rights in _grouped(declared - _given(connection)):
        connection.execute(text(f"GRANT {rights} ON {table} TO {role}"))
    _keep_to_rows(connection, there)
    return missing


def missing_roles(connection: Connection) -> list[str]:
    """Roles that the server does not have."""
    wanted = {"roles": list(PRIVILEGES)}
    found = connection.execute(text(_FOUND), wanted).scalars().all()
    return [role for role in PRIVILEGES if role not in found]


def remedy(missing: Collection[str], user: str) -> str:
    """The SQL for an administrator; `scrip migrate` has to run once more after it."""
    made = [f"CREATE ROLE {role} NOLOGIN;" for role in missing]
    quoted = user.replace('"', '""')
    return "\n".join([*made, f'GRANT {WORKER}, {RELAY} TO "{quoted}";'])


def standing(connection: Connection) -> Standing:
    """Who this session is, and whether it could change the ledger."""
    return Standing(*connection.execute(text(_STANDING)).one())


def astray(connection: Connection) -> set[str]:
    """Tables on which a role has other privileges than declared."""
    there = [role for role in PRIVILEGES if role not in missing_roles(connection)]
    return {table for _, table, _ in _declared(there) ^ _given(connection)}


def lacking(connection: Connection, role: str) -> list[str]:
    """Tables on which this session may not do everything that the role is there for."""
    pairs = [(table, right) for table, rights in PRIVILEGES[role].items() for right in rights]
    tables, rights = zip(*pairs, strict=True)
    asked = {"tables": list(tables), "rights": list(rights)}
    return list(connection.execute(text(_LACKING), asked).scalars())


def _declared(roles: Collection[str]) -> Given:
    return {
        (role, table, right)
        for role in roles
        for table, rights in _all_of(role)
        for right in rights
    }


def _all_of(role: str) -> Iterator[tuple[str, Rights]]:
    yield from PRIVILEGES[role].items()
    for function, rights in FUNCTIONS.get(role, {}).items():
        yield f"FUNCTION {function}", rights


def _given(connection: Connection) -> Given:
    tables = {table for role in PRIVILEGES for table, _ in _all_of(role)}
    asked = {"roles": list(PRIVILEGES), "tables": list(tables)}
    return {tuple(row) for row in connection.execute(text(_GIVEN), asked)}


def _grouped(given: Given) -> Iterator[tuple[str, str, str]]:
    """Role, table and all its rights at once, in one order so that two runs cannot cross."""
    rights: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for role, table, right in sorted(given):
        rights[role, table].append(right)
    for (role, table), some in rights.items():
        yield role, table, ", ".join(some)


def _let_in(connection: Connection, role: str) -> None:
    """Let the role see the schema, and let this user step down to it, as far as he may say so."""
    if not connection.execute(text(_SEES_SCHEMA), {"role": role}).scalar_one():
        schema = connection.execute(text("SELECT quote_ident(current_schema())")).scalar_one()
        _attempt(connection, f"GRANT USAGE ON SCHEMA {schema} TO {role}")
    may_step_down = connection.execute(text(_MAY_STEP_DOWN), {"role": role}).scalar_one()
    if role in {WORKER, RELAY} and not may_step_down:
        _attempt(connection, f"GRANT {role} TO CURRENT_USER")


def _keep_to_rows(connection: Connection, there: Collection[str]) -> None:
    found = "SELECT polname FROM pg_policy WHERE polrelid = to_regclass(:table)"
    for (role, table), condition in ROWS.items():
        names = connection.execute(text(found), {"table": table}).scalars().all()
        if role in there and f"{role}_rows" not in names:
            policy = f"CREATE POLICY {role}_rows ON {table} AS RESTRICTIVE TO {role}"
            connection.execute(text(f"{policy} USING ({condition})"))


def _attempt(connection: Connection, statement: str) -> None:
    """Do it unless somebody has done it already, is doing it just now, or it is not ours to do."""
    harmless = "duplicate_object OR unique_violation OR insufficient_privilege OR internal_error"
    connection.execute(text(f"DO $$ BEGIN {statement}; EXCEPTION WHEN {harmless} THEN END $$"))
