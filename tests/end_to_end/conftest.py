"""Whole installations on durable servers, as an operator would run them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.end_to_end.installation import own_servers
from tests.end_to_end.outsider import Outsider
from worker import embedded, stack
from worker.embedded import Servers

QUICK = {"SCRIP_LEASE_SECONDS": "1", "SCRIP_EXPIRY_SECONDS": "1", "SCRIP_SUBMIT_SECONDS": "3"}


@pytest.fixture(scope="session")
def durable() -> Iterator[Servers]:
    """Servers that keep what they confirm."""
    with embedded.start(None, durable=True) as servers:
        yield servers


@pytest.fixture
def servers_of_its_own(durable: Servers) -> Iterator[Servers]:
    with own_servers(durable) as servers:
        yield servers


@pytest.fixture
def outsider(servers_of_its_own: Servers) -> Iterator[Outsider]:
    with Outsider(servers_of_its_own) as client:
        yield client


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Short times for the processes that the test starts."""
    for name, value in QUICK.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture(scope="session")
def running(durable: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outsider]:
    """An installation shared by the tests that leave it standing; each uses its own customers."""
    with ExitStack() as opened:
        servers = opened.enter_context(own_servers(durable))
        patch = opened.enter_context(pytest.MonkeyPatch.context())
        for name, value in QUICK.items():
            patch.setenv(name, value)
        logs = tmp_path_factory.mktemp("running")
        opened.enter_context(stack.processes(servers, logs))
        client = opened.enter_context(Outsider(servers))
        client.wait_for_reader()
        yield client
