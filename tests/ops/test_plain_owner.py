"""Whoever migrates may be anybody: a superuser, one that may make roles, or one that may not."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from db import roles
from db.engine import engine_for
from db.migrate import upgrade
from tests.end_to_end.outsider import wait_for
from tests.ops.installation import run
from tests.servers import with_database
from worker import stack
from worker.cli.doctor_database import database_checks
from worker.cli.findings import Finding
from worker.embedded import Postgres, Servers
from worker.settings import Settings

SECRET = "s3cret"
NOWHERE = "redis://127.0.0.1:1/0"
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = 'plain' AND wait_event_type = 'Lock'"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server of its own: roles belong to all databases, and other tests need theirs."""
    postgres = Postgres(tmp_path_factory.mktemp("roles") / "postgres", durable=False)
    postgres.start()
    yield postgres
    postgres.stop()


@pytest.fixture
def admin(server: Postgres) -> Iterator[psycopg.Connection[Any]]:
    """A superuser on a server without any role of scrip's; the database `plain` is there."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE plain LOGIN PASSWORD '{SECRET}'".encode())
        connection.execute("CREATE DATABASE plain OWNER plain")
        yield connection
        connection.execute("DROP DATABASE plain WITH (FORCE)")
        for role in (*roles.PRIVILEGES, "plain"):
            connection.execute(f"DROP ROLE IF EXISTS {role}".encode())


@pytest.fixture
def plain_url(server: Postgres, admin: psycopg.Connection[Any]) -> str:
    """The owner of the database, who has no other right."""
    del admin
    url = make_url(with_database(server.url, "plain")).set(username="plain", password=SECRET)
    return url.render_as_string(hide_password=False)


@pytest.fixture
def as_worker(plain_url: str) -> Iterator[Engine]:
    engine = engine_for(plain_url, role=roles.WORKER)
    yield engine
    engine.dispose()


def migrate(url: str) -> subprocess.CompletedProcess[str]:
    return run("-m", "worker.cli", "migrate", DATABASE_URL=url, BROKER_URL=NOWHERE)


def of_doctor(url: str) -> Finding:
    """What the doctor says of the roles."""
    settings = Settings(DATABASE_URL=SecretStr(url), BROKER_URL=SecretStr(NOWHERE))
    (finding,) = (found for found in database_checks(settings) if found.subject == "roles")
    return finding


def who(engine: Engine) -> str:
    """Whose privileges a new connection has."""
    engine.dispose()
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT current_user")).scalar_one())


def test_without_the_right_to_make_roles_it_says_what_to_run(
    plain_url: str, as_worker: Engine, admin: psycopg.Connection[Any]
) -> None:
    """And after that has been run, and the migration again, all is as it should be."""
    done = migrate(plain_url)
    assert done.returncode == 0
    roles_missing = "scrip_worker, scrip_relay, scrip_reader, scrip_finder missing"
    assert f"{roles_missing}, because plain may not" in done.stderr
    finding = of_doctor(plain_url)
    assert (finding.level, "CREATE ROLE scrip_relay NOLOGIN;" in finding.advice) == (
        "warning",
        True,
    )
    assert who(as_worker) == "plain"

    admin.execute("".join(re.findall(r"^(?:CREATE|GRANT) .*;$", done.stderr, re.M)).encode())
    done = migrate(plain_url)
    assert (done.returncode, done.stderr) == (0, "")
    assert who(as_worker) == "scrip_worker"
    words = "plain works as scrip_worker, which cannot change the ledger"
    assert of_doctor(plain_url)[:3] == ("ok", "roles", words)


def test_where_roles_are_there_already_it_gives_them_their_rights(
    plain_url: str, admin: psycopg.Connection[Any]
) -> None:
    """Another installation has made them, or an administrator."""
    for role in roles.PRIVILEGES:
        admin.execute(f"CREATE ROLE {role} NOLOGIN".encode())
    assert upgrade(plain_url) == []
    engine = engine_for(plain_url)
    with engine.connect() as connection:
        assert roles.astray(connection) == set()
    engine.dispose()


def test_with_the_right_to_make_roles_it_can_step_down(
    plain_url: str, as_worker: Engine, admin: psycopg.Connection[Any]
) -> None:
    """PostgreSQL 16 and newer do not make the maker a member that may SET ROLE."""
    admin.execute("ALTER ROLE plain CREATEROLE")
    assert upgrade(plain_url) == []
    assert who(as_worker) == "scrip_worker"


def test_an_owner_that_cannot_step_down_is_told_once(
    plain_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The relay goes on, since there is the trigger; its log says it at the start and not again."""
    monkeypatch.setenv("SCRIP_ALLOW_UNSAFE_DATABASE", "1")
    upgrade(plain_url)
    log = tmp_path / "relay.log"
    with stack.processes(Servers(plain_url, NOWHERE), tmp_path, ("relay",)):
        wait_for("some turns", lambda: log.read_text().count("trying again") > 2)
    assert log.read_text().count("may change the ledger user='plain'") == 1


def test_two_databases_may_be_migrated_at_the_same_time(
    server: Postgres, admin: psycopg.Connection[Any]
) -> None:
    """Both make the same roles; the second waits for the first, and finds them."""
    with psycopg.connect(server.url) as other, ThreadPoolExecutor(1) as pool:
        other.execute("CREATE ROLE scrip_worker NOLOGIN")
        migrated = pool.submit(upgrade, with_database(server.url, "plain"))
        wait_for("the other to wait", lambda: admin.execute(WAITING).fetchone() == (1,))
        other.commit()
        assert migrated.result() == []
