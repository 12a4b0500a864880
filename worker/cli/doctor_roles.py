"""The doctor's look at the roles, and what `scrip migrate` says when it can make none."""

from collections.abc import Collection

from sqlalchemy import Connection

from db.roles import astray, missing_roles, remedy, standing
from worker.cli.findings import Finding, ok, warning


def roles_check(connection: Connection) -> Finding:
    """Whether this session is kept from changing the ledger (I10), and the roles are in order."""
    session, missing = standing(connection), missing_roles(connection)
    if missing:
        words = f"{' and '.join(missing)} missing, because the schema's owner may not make roles"
        sql = remedy(missing, session.user).replace("\n", " ")
        return warning("roles", words, f"let an administrator run: {sql} then run `scrip migrate`")
    if session.may_change_ledger:
        words = f"{session.user} could change the ledger, but for a trigger"
        return warning("roles", words, f"let an administrator run: {remedy((), session.user)}")
    wrong = astray(connection)
    if wrong:
        words = f"other privileges than scrip gives, on {', '.join(sorted(wrong))}"
        return warning("roles", words, "run `scrip migrate`, which sets them right")
    return ok("roles", f"{session.user} works as {session.role}, which cannot change the ledger")


def roles_missing(missing: Collection[str], user: str) -> str:
    """What the owner of the schema has to ask an administrator for."""
    return (
        f"warning: {', '.join(missing)} missing, because {user} may not make roles. Processes that "
        f"connect as {user} can change the ledger, but for a trigger.\n"
        f"Let an administrator run this, then run `scrip migrate` once more:\n\n"
        f"{remedy(missing, user)}"
    )
