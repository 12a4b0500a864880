"""Probes: what a process says of itself, in its own words and on the real stack."""

from __future__ import annotations

import subprocess
import sys
from http.client import HTTPConnection

import pytest

from tests.ops.installation import ask, free_port
from worker import stack
from worker.health import BROKER, DATABASE, REACHED_WITHIN, Pulse, listen


class Clock:
    """A clock to set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_loop_is_alive_while_it_moves(clock: Clock) -> None:
    """Standing still for longer than allowed is what a restart cures."""
    pulse = Pulse(60, clock=clock)
    clock.now += 60
    assert pulse.is_live()
    clock.now += 1
    assert not pulse.is_live()
    pulse.moved()
    assert pulse.is_live()


def test_a_process_is_ready_while_it_reaches_what_it_needs(clock: Clock) -> None:
    """And not before, and not for long after."""
    pulse = Pulse(60, clock=clock)
    pulse.reached(DATABASE)
    assert not pulse.is_ready()
    pulse.reached(BROKER)
    assert pulse.is_ready()
    clock.now += REACHED_WITHIN + 1
    pulse.reached(DATABASE)
    assert not pulse.is_ready()


def test_standing_by_needs_no_broker(clock: Clock) -> None:
    """A second worker is ready to take over, or a rolling update would wait for it for ever."""
    pulse = Pulse(60, clock=clock)
    pulse.reached(DATABASE)
    pulse.holds(False)
    assert pulse.is_ready()
    assert pulse.facts()["lease"] == "standing by"


def test_a_process_that_stands_still_is_not_ready(clock: Clock) -> None:
    """However lately it has reached its servers."""
    pulse = Pulse(5, clock=clock)
    clock.now += 6
    pulse.reached(DATABASE)
    pulse.reached(BROKER)
    assert not pulse.is_ready()


def test_a_taken_port_is_said_and_not_died_of(caplog: pytest.LogCaptureFixture) -> None:
    """`up` starts three processes with one environment."""
    port = free_port()
    for _ in range(2):
        listen("worker", "127.0.0.1", port, Pulse(60))
    assert "no health checks" in caplog.text
    assert ask(port, "/live")[0] == 200


def test_only_two_paths_are_there() -> None:
    """And the answers name no software version."""
    port = free_port()
    listen("worker", "127.0.0.1", port, Pulse(60))
    assert ask(port, "/")[0] == 404
    asked = HTTPConnection("127.0.0.1", port, timeout=5)
    asked.request("GET", "/live")
    assert asked.getresponse().headers["Server"].strip() == "scrip"
    asked.close()


def test_without_a_port_the_probe_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A health check that cannot fail would be none."""
    monkeypatch.delenv("SCRIP_HEALTH_PORT", raising=False)
    command = [sys.executable, "-m", "worker.health"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=stack.ROOT, check=False)
    assert (done.returncode, "is not set" in done.stdout) == (1, True)
