"""Logins of people who look things up, each in one of the roles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

SECRET = "of-the-tests"


def create(owner: psycopg.Connection[Any], login: str, role: str) -> None:
    """Make a login that has this role."""
    said = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE {}")
    owner.execute(said.format(sql.Identifier(login), SECRET, sql.Identifier(role)))


def drop(owner: psycopg.Connection[Any], login: str) -> None:
    """Take it away, with what it was bound to."""
    owner.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(login)))
    owner.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(login)))


@contextmanager
def logged_in(database_url: str, login: str) -> Iterator[psycopg.Connection[Any]]:
    """A session of it."""
    url = make_url(database_url).set(username=login, password=SECRET)
    shown = url.render_as_string(hide_password=False)
    with psycopg.connect(shown, autocommit=True) as connection:
        yield connection
