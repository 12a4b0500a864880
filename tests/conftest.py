"""Fixtures that every folder shares.

`servers` starts one PostgreSQL and one Valkey for each pytest process, on first use only, so tests
that need no server start none. TEST_DATABASE_URL and TEST_BROKER_URL name servers to use instead.
Hypothesis is quick by default; `--hypothesis-profile=thorough` is for the nights.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, settings

from tests.rabbitmq.clients import emptied
from tests.rabbitmq.node import MISSING, is_missing, node
from tests.rabbitmq.server import RabbitMQ
from tests.servers import database, flushed, with_database, xdist_number
from worker import embedded
from worker.embedded import Servers

_numbers = count(1)

# A shell's background job is deaf to Ctrl-C, and so would be the processes that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile(
    "quick",
    max_examples=200,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=2_000)

if settings.get_current_profile_name() != "thorough":
    settings.load_profile("quick")


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and Valkey, quick and forgetful."""
    database_url = os.environ.get("TEST_DATABASE_URL") or None
    broker_url = os.environ.get("TEST_BROKER_URL") or None
    if broker_url:  # shared by xdist's processes: a numbered keyspace each
        broker_url = with_database(broker_url, str(xdist_number()))
    with embedded.start(
        None, durable=False, database_url=database_url, broker_url=broker_url
    ) as started:
        yield started


@pytest.fixture(scope="session")
def template(servers: Servers) -> Iterator[str]:
    """The name of a migrated database that tests copy."""
    from db.migrate import upgrade  # noqa: PLC0415 - only tests of the database need it

    name = f"scrip_template_{os.getpid()}"
    with database(servers, name) as url:
        upgrade(url)
        yield name


@pytest.fixture
def database_url(servers: Servers, template: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A migrated database of the test's own; processes started on it know how forgetful it is."""
    monkeypatch.setenv("SCRIP_ALLOW_UNSAFE_DATABASE", "1")
    with database(servers, f"scrip_test_{os.getpid()}_{next(_numbers)}", template=template) as url:
        yield url


@pytest.fixture
def broker_url(servers: Servers) -> str:
    """A broker, empty when the test starts."""
    return flushed(servers.broker_url)


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQ | str]:
    """One RabbitMQ for all tests that want it; they are skipped where there is none."""
    if is_missing():
        pytest.skip(MISSING)
    with node() as found:
        yield found


@pytest.fixture
def rabbitmq_url(rabbitmq: RabbitMQ | str) -> str:
    """RabbitMQ, with nothing of scrip's on it when the test starts."""
    return emptied(rabbitmq if isinstance(rabbitmq, str) else rabbitmq.url)
