"""The logins of SECURITY.md: an installation runs with them, or steps down to their roles (I10)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
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
MINE = f"credit{os.getpid()}_"
"""Logins belong to the server, which other tests may use at the same time."""

LOGINS = ("worker", "relay", "reports")
PROCESSES = {"worker": "worker", "relay": "relay", "beat": "worker"}

WITNESS = """
CREATE TABLE seen (what text, who text DEFAULT current_user);
GRANT INSERT ON seen TO PUBLIC;
CREATE FUNCTION notice() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO seen (what) VALUES (TG_OP || '' '' || TG_TABLE_NAME); RETURN NULL; END';
CREATE TRIGGER seen AFTER INSERT ON entries EXECUTE FUNCTION notice();
CREATE TRIGGER seen AFTER DELETE ON outbox EXECUTE FUNCTION notice();
"""


@pytest.fixture
def owner(database_url: str, tmp_path: Path) -> Iterator[Outsider]:
    """A client with all rights on an installation that has the logins."""
    with (
        own_valkey(tmp_path / "valkey") as valkey,
        Outsider(Servers(database_url, valkey.url)) as client,
    ):
        client.database.execute(block("sql", SECRET).replace("credit_", MINE).encode())
        yield client
        for login in LOGINS:
            drop = sql.SQL("DROP ROLE {}").format(sql.Identifier(MINE + login))
            client.database.execute(drop)


def as_login(owner: Outsider, login: str) -> str:
    """The database's URL for one of them."""
    url = make_url(owner.servers.database_url).set(username=MINE + login, password=SECRET)
    return url.render_as_string(hide_password=False)


def refused(url: str, *statements: str) -> list[str]:
    """Those of the statements that the login may not run."""
    found = []
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            try:
                connection.execute(statement.encode())
            except InsufficientPrivilege:
                found.append(statement)
    return found


def work(owner: Outsider) -> None:
    """A message of each kind that makes a difference to the database."""
    owner.publish(grant("ann", 500), deduct("ann", 200), b"not json")
    owner.wait_for_reader()
    owner.wait_until_quiet()


def test_an_installation_runs_with_these_logins(
    owner: Outsider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages, quarantine, events and the expiry run; the commands for people too."""
    monkeypatch.setenv("SCRIP_EXPIRY_SECONDS", "1")
    with ExitStack() as opened:
        for name, login in PROCESSES.items():
            servers = Servers(as_login(owner, login), owner.servers.broker_url)
            opened.enter_context(stack.processes(servers, tmp_path, (name,)))
        work(owner)
        settings = {
            "DATABASE_URL": as_login(owner, "worker"),
            "BROKER_URL": owner.servers.broker_url,
        }
        for command in (("balance", "ann", "--tenant", "shop"), ("verify",), ("doctor",)):
            done = run("-m", "worker.cli", *command, **settings)
            assert "permission denied" not in done.stdout + done.stderr
            assert done.stdout
    told = f"ok roles: {MINE}worker works as scrip_worker, which cannot change the ledger"
    assert told in " ".join(done.stdout.split())
    assert owner.ask("SELECT balance FROM balance") == [(300,)]
    assert owner.count("quarantine") == 1
    logs = "".join(log.read_text() for log in tmp_path.glob("*.log"))
    assert "permission denied" not in logs
    assert "may change the ledger" not in logs


def test_with_the_owners_password_processes_step_down(owner: Outsider, tmp_path: Path) -> None:
    """What writes an entry, and what forgets an event, has its role and no more."""
    owner.database.execute(WITNESS.encode())
    with stack.processes(owner.servers, tmp_path, ("worker", "relay")):
        work(owner)
    assert set(owner.ask("SELECT what, who FROM seen")) == {
        ("INSERT entries", "scrip_worker"),
        ("DELETE outbox", "scrip_relay"),
    }


def test_a_login_without_the_role_is_refused(owner: Outsider) -> None:
    """It would try again for ever; instead it says which role is missing."""
    url, broker_url = as_login(owner, "worker"), owner.servers.broker_url
    done = run("-m", "worker.cli", "relay", DATABASE_URL=url, BROKER_URL=broker_url)
    assert done.returncode == 2
    assert f"{MINE}worker may not do everything with outbox" in done.stderr
    assert f"GRANT scrip_relay TO {MINE}worker" in done.stderr


def test_the_worker_cannot_change_the_ledger(owner: Outsider) -> None:
    """I10: rows are added, and that is all."""
    statements = [
        "UPDATE entries SET amount = amount",
        "DELETE FROM entries",
        "TRUNCATE entries",
        "ALTER TABLE entries DISABLE TRIGGER ALL",
        "UPDATE grants SET amount = amount",
        "UPDATE receipts SET outcome = outcome",
        "DELETE FROM receipts",
        "DELETE FROM quarantine",
        "DELETE FROM outbox",
        "UPDATE tenants SET version = version",
        "CREATE TABLE mine (row integer)",
    ]
    assert refused(as_login(owner, "worker"), *statements) == statements


def test_the_relay_does_not_see_the_books(owner: Outsider) -> None:
    """It has the outbox and its lease."""
    statements = [
        "SELECT * FROM accounts",
        "SELECT * FROM balance",
        "SELECT * FROM quarantine",
        "INSERT INTO outbox (events) VALUES ('x')",
        "UPDATE outbox SET events = events",
        "DELETE FROM leases",
    ]
    assert refused(as_login(owner, "relay"), *statements) == statements


def test_the_reader_sees_the_views_alone(owner: Outsider) -> None:
    """They are the public surface; tables are not."""
    views = ("balance", "ledger", "grant_status", "invoice_credit", "writeoff")
    reader = as_login(owner, "reports")
    assert refused(reader, *(f"SELECT * FROM {view}" for view in views)) == []
    others = ["SELECT * FROM accounts", "SELECT * FROM quarantine", "DELETE FROM outbox"]
    assert refused(reader, *others) == others
