"""Probes of real processes on real servers."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.end_to_end.outsider import wait_for
from tests.ops.installation import ask, free_port, own_valkey, probe
from worker import stack
from worker.embedded import Servers, Valkey
from worker.stack import Process

OK, UNAVAILABLE = 200, 503


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    with own_valkey(tmp_path / "valkey") as broker:
        yield broker


@pytest.fixture
def servers_of_its_own(database_url: str, valkey: Valkey) -> Servers:
    return Servers(database_url, valkey.url)


@contextmanager
def running(
    name: str, servers: Servers, logs: Path, patch: pytest.MonkeyPatch
) -> Iterator[tuple[int, Process]]:
    """One process with its probes; yields their port."""
    port = free_port()
    patch.setenv("SCRIP_HEALTH_PORT", str(port))
    with stack.processes(servers, logs, (name,)) as processes:
        yield port, processes[name]


def wait_until(status: int, port: int, path: str) -> None:
    wait_for(f"{status} on {path}", lambda: ask(port, path)[0] == status)


def test_three_on_one_machine_have_a_port_each(
    servers_of_its_own: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("SCRIP_HEALTH_PORT", str(port))
    monkeypatch.setenv("SCRIP_EXPIRY_SECONDS", "1")
    with stack.processes(servers_of_its_own, tmp_path):
        for number, name in enumerate(stack.PROCESSES):
            wait_until(OK, port + number, "/ready")
            assert ask(port + number, "/ready")[1]["process"] == name


def test_three_processes_become_ready(
    servers_of_its_own: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each says its name, how fresh its contacts are, and no secret."""
    monkeypatch.setenv("SCRIP_EXPIRY_SECONDS", "1")
    for name, lease in (("worker", "held"), ("relay", "held"), ("beat", "none yet")):
        with running(name, servers_of_its_own, tmp_path, monkeypatch) as (port, _):
            wait_until(OK, port, "/ready")
            assert probe(port).returncode == probe(port, "ready").returncode == 0
            about = ask(port, "/ready")[1]
        assert (about["process"], about["ok"], about["lease"]) == (name, True, lease)
        assert about["reached"]["broker"] < 5
        assert set(about) == {"process", "ok", "moved", "reached", "lease"}
        assert probe(port).returncode == 1


def test_a_second_worker_is_ready_while_it_stands_by(
    servers_of_its_own: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a rolling update can go on to end the first."""
    with (
        running("worker", servers_of_its_own, tmp_path, monkeypatch) as (first, _),
        running("worker", servers_of_its_own, tmp_path, monkeypatch) as (second, _),
    ):
        wait_until(OK, first, "/ready")
        wait_until(OK, second, "/ready")
        leases = {ask(port, "/ready")[1]["lease"] for port in (first, second)}
    assert leases == {"held", "standing by"}


@pytest.mark.parametrize("name", ["worker", "relay"])
def test_without_its_broker_a_process_lives_and_waits(
    name: str,
    valkey: Valkey,
    servers_of_its_own: Servers,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A restart would not bring the broker back, so only readiness says no."""
    valkey.stop()
    with running(name, servers_of_its_own, tmp_path, monkeypatch) as (port, _):
        wait_until(UNAVAILABLE, port, "/ready")
        wait_for("the database", lambda: "database" in ask(port, "/ready")[1]["reached"])
        assert ask(port, "/ready")[0] == UNAVAILABLE
        assert ask(port, "/live")[0] == OK
        valkey.start()
        wait_until(OK, port, "/ready")


def test_a_relay_that_stands_still_is_not_alive(
    servers_of_its_own: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for a lock here, as long as somebody holds it."""
    monkeypatch.setenv("SCRIP_WATCHDOG_SECONDS", "1")
    with running("relay", servers_of_its_own, tmp_path, monkeypatch) as (port, _):
        wait_until(OK, port, "/ready")
        with psycopg.connect(servers_of_its_own.database_url) as other:
            other.execute("LOCK TABLE outbox")
            wait_until(UNAVAILABLE, port, "/live")
        wait_until(OK, port, "/live")


def test_a_stopped_process_does_not_answer(
    servers_of_its_own: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The probe gives up by itself after two seconds."""
    with running("relay", servers_of_its_own, tmp_path, monkeypatch) as (port, process):
        wait_until(OK, port, "/live")
        process.signal(signal.SIGSTOP)
        done = probe(port)
        process.signal(signal.SIGCONT)
        assert (done.returncode, "no answer" in done.stdout) == (1, True)
        wait_until(OK, port, "/live")
