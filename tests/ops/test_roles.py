"""The database's roles of SECURITY.md: an installation runs under them, and I10 holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege
from sqlalchemy.engine import make_url

from tests.end_to_end.messages import deduct, grant
from tests.end_to_end.outsider import Outsider
from tests.ops.installation import own_valkey, run
from tests.ops.security_page import block
from worker import stack
from worker.embedded import Servers

SECRET = "s3cret"
ROLES = ("scrip_worker", "scrip_reader")


@pytest.fixture
def owner(database_url: str, tmp_path: Path) -> Iterator[Outsider]:
    """A client with all rights on an installation that has the roles."""
    with (
        own_valkey(tmp_path / "valkey") as valkey,
        Outsider(Servers(database_url, valkey.url)) as client,
    ):
        client.database.execute(block("sql", SECRET).encode())
        yield client
        for role in ROLES:  # they belong to the server, not to the database
            for statement in ("DROP OWNED BY {}", "DROP ROLE {}"):
                client.database.execute(sql.SQL(statement).format(sql.Identifier(role)))


def as_role(owner: Outsider, role: str) -> str:
    """The database's URL for a role."""
    url = make_url(owner.servers.database_url).set(username=role, password=SECRET)
    return url.render_as_string(hide_password=False)


def refused(url: str, *statements: str) -> list[str]:
    """Those of the statements that the role may not run."""
    found = []
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            try:
                connection.execute(statement.encode())
            except InsufficientPrivilege:
                found.append(statement)
    return found


def test_an_installation_runs_as_worker(
    owner: Outsider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages, quarantine, events and the expiry run; the commands for people too."""
    monkeypatch.setenv("SCRIP_EXPIRY_SECONDS", "1")
    servers = Servers(as_role(owner, "scrip_worker"), owner.servers.broker_url)
    with stack.processes(servers, tmp_path):
        owner.publish(grant("ann", 500), deduct("ann", 200), b"not json")
        owner.wait_for_reader()
        owner.wait_until_quiet()
        settings = {"DATABASE_URL": servers.database_url, "BROKER_URL": servers.broker_url}
        for command in (("balance", "ann", "--tenant", "shop"), ("verify",), ("doctor",)):
            done = run("-m", "worker.cli", *command, **settings)
            assert "permission denied" not in done.stdout + done.stderr
            assert done.stdout
    assert owner.ask("SELECT balance FROM balance") == [(300,)]
    assert owner.count("quarantine") == 1
    assert "permission denied" not in "".join(log.read_text() for log in tmp_path.glob("*.log"))


def test_the_worker_cannot_change_the_ledger(owner: Outsider) -> None:
    """I10: rows are added, and that is all."""
    statements = [
        "UPDATE entries SET amount = amount",
        "DELETE FROM entries",
        "TRUNCATE entries",
        "ALTER TABLE entries DISABLE TRIGGER ALL",
        "DELETE FROM receipts",
        "DELETE FROM quarantine",
        "UPDATE tenants SET version = version",
        "CREATE TABLE mine (row integer)",
    ]
    assert refused(as_role(owner, "scrip_worker"), *statements) == statements


def test_the_reader_sees_the_views_alone(owner: Outsider) -> None:
    """They are the public surface; tables are not."""
    views = ("balance", "ledger", "grant_status", "invoice_credit")
    reader = as_role(owner, "scrip_reader")
    assert refused(reader, *(f"SELECT * FROM {view}" for view in views)) == []
    others = ["SELECT * FROM accounts", "SELECT * FROM quarantine", "DELETE FROM outbox"]
    assert refused(reader, *others) == others
