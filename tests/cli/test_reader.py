"""`scrip reader` says which tenants a login may read in SQL."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import psycopg
import pytest

from tests.cli.conftest import Run

LOGIN = f"scrip_test_{os.getpid()}_reports"


@pytest.fixture
def login(database_url: str) -> Iterator[str]:
    """One that may read the views."""
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {LOGIN} LOGIN IN ROLE scrip_reader".encode())
        yield LOGIN
        owner.execute(f"DROP ROLE {LOGIN}".encode())


def told(run: Run, *options: str) -> str:
    done = run("reader", *options)
    assert done.exit_code == 0
    return " ".join(done.stdout.split())


def test_tenants_are_given_and_taken(run: Run, login: str) -> None:
    assert told(run, "list") == "no login is bound to a tenant, so that readers in SQL see no row"
    given = told(run, "add", login, "--tenant", "acme", "--tenant", "shop")
    assert given == f"{login} reads 2 tenants: acme, shop"
    assert told(run, "list").endswith(f"login tenant {login} acme {login} shop")
    assert told(run, "remove", login, "--tenant", "acme") == f"{login} reads 1 tenant: shop"
    assert json.loads(run("reader", "list", "--json").stdout) == [
        {"login": login, "tenant": "shop"}
    ]
    assert told(run, "add", login, "--all-tenants") == f"{login} reads every tenant"
    assert "every tenant" in told(run, "list")
    assert told(run, "remove", login) == f"{login} reads 0 tenants"
    again = run("reader", "remove", login)
    assert (again.exit_code, again.stdout) == (1, "")
    assert "was bound to nothing of that" in again.stderr


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nobody here", "the server has no user nobody here"),
        ("scrip_relay", 'GRANT scrip_reader TO "scrip_relay"; comes first'),
        ("scrip_worker", "may read the tables themselves"),
    ],
)
def test_whom_it_would_not_bind_is_told(run: Run, name: str, why: str) -> None:
    done = run("reader", "add", name, "--tenant", "acme")
    assert done.exit_code == 1
    assert why in " ".join(done.stderr.split())


@pytest.mark.parametrize("options", [(), ("--tenant", "a", "--all-tenants")])
def test_it_has_to_be_said_which(run: Run, options: tuple[str, ...]) -> None:
    assert run("reader", "add", "anybody", *options).exit_code == 2
