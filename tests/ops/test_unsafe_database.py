"""Worker and relay do not start on a PostgreSQL that may forget what it has confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from db.migrate import upgrade
from db.roles import RELAY, WORKER
from tests.end_to_end.outsider import wait_for
from tests.ops.installation import run
from worker.embedded import Postgres
from worker.settings import Settings, SettingsError
from worker.start import check_database

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture(scope="module")
def durable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server of its own, whose settings are changed while it runs."""
    postgres = Postgres(tmp_path_factory.mktemp("unsafe") / "postgres")
    postgres.start()
    upgrade(postgres.url)
    yield postgres
    postgres.stop()


@pytest.fixture
def admin(durable: Postgres) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(durable.url, autocommit=True) as connection:
        yield connection
        connection.execute("ALTER SYSTEM RESET ALL")
        connection.execute("SELECT pg_reload_conf()")
        wait_for("the server to be safe", lambda: is_safe(durable))


def is_safe(durable: Postgres) -> bool:
    try:
        check_database(chosen(durable), WORKER)
    except SettingsError:
        return False
    return True


def put(admin: psycopg.Connection[Any], setting: str, value: str) -> None:
    """Change a setting for the whole server, now."""
    admin.execute(f"ALTER SYSTEM SET {setting} = '{value}'".encode())
    admin.execute("SELECT pg_reload_conf()")
    show = f"SHOW {setting}".encode()
    wait_for("the setting", lambda: admin.execute(show).fetchone() == (value,))


def chosen(durable: Postgres, *, allow: bool = False) -> Settings:
    return Settings(
        DATABASE_URL=SecretStr(durable.url),
        BROKER_URL=SecretStr(NOWHERE),
        allow_unsafe_database=allow,
    )


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
def test_each_setting_is_named(
    durable: Postgres, admin: psycopg.Connection[Any], setting: str
) -> None:
    """With what to do, and how to start all the same."""
    for role in (WORKER, RELAY):
        check_database(chosen(durable), role)
    put(admin, setting, "off")
    for role in (WORKER, RELAY):
        with pytest.raises(SettingsError, match=f"runs with {setting}=off.*set {setting} to on"):
            check_database(chosen(durable), role)
        check_database(chosen(durable, allow=True), role)


def test_a_setting_of_the_user_counts(durable: Postgres, admin: psycopg.Connection[Any]) -> None:
    """synchronous_commit may come from anywhere; what counts is what a session gets."""
    admin.execute("ALTER ROLE scrip SET synchronous_commit = off")
    try:
        assert not is_safe(durable)
    finally:
        admin.execute("ALTER ROLE scrip RESET synchronous_commit")


def test_local_commits_are_let_through(durable: Postgres, admin: psycopg.Connection[Any]) -> None:
    """This server keeps them; what a standby has is another matter, and the doctor's."""
    put(admin, "synchronous_commit", "local")
    assert is_safe(durable)


@pytest.mark.parametrize("command", ["worker", "relay"])
def test_a_refused_process_ends_with_a_sentence(
    durable: Postgres, admin: psycopg.Connection[Any], command: str
) -> None:
    """Both settings at once, no traceback and no password."""
    put(admin, "fsync", "off")
    put(admin, "full_page_writes", "off")
    settings = {"DATABASE_URL": durable.url, "BROKER_URL": NOWHERE}
    done = run("-m", "worker.cli", command, **settings)
    assert done.returncode == 2
    said = "scrip: PostgreSQL at 127.0.0.1 runs with fsync=off and full_page_writes=off"
    assert done.stderr.startswith(said)
    assert "SCRIP_ALLOW_UNSAFE_DATABASE=1" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert durable.password not in done.stderr
