"""Workers that are killed, stopped, stuck or too many: no message is lost, none counts twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.end_to_end.books import against_model, violations_in_views
from tests.end_to_end.installation import worker
from tests.end_to_end.messages import TENANT, grant, mixed
from tests.end_to_end.model import Model
from tests.end_to_end.outsider import INTAKE, Outsider, event_violations, wait_for
from worker import stack

CUSTOMERS = [f"cus{number}" for number in range(150)]
EX_SOFTWARE = 70

DIES = """
import sys
from worker.intake import Reader
from worker.cli import main
Reader.turn = lambda self, wait: 1 / 0
sys.argv = ["scrip", "worker"]
main()
"""

pytestmark = pytest.mark.usefixtures("quick")


def assert_books(client: Outsider, load: list[bytes]) -> None:
    """Everything decided, once, in order."""
    model = Model().take_all(load)
    assert client.count("receipts") == len(model.keys)
    assert against_model(client.database, TENANT, model) == []
    assert violations_in_views(client.database) == []


def wait_until_under_way(client: Outsider, number: int) -> None:
    """Returns when the first messages of several are decided, and others are not."""
    wait_for("the first batches", lambda: client.backlog() < number)


def test_kill_9_in_mid_load_loses_nothing(outsider: Outsider, tmp_path: Path) -> None:
    """The promise that matters most, with the relay running beside."""
    load = mixed(CUSTOMERS, 6_000)
    with stack.processes(outsider.servers, tmp_path, ("worker", "relay")) as processes:
        for part in (load[:3_000], load[3_000:]):
            outsider.wait_for_reader()
            before = outsider.backlog()
            outsider.publish(*part)
            wait_until_under_way(outsider, before + len(part))
            processes["worker"].kill()
            assert outsider.backlog() > 0
            processes["worker"].start()
        outsider.wait_until_quiet()

    assert_books(outsider, load)
    rows = outsider.ask("SELECT tenant, customer, event_seq FROM accounts")
    assert event_violations(outsider.events(), {row[:2]: row[2] for row in rows}) == []


def test_sigterm_finishes_the_batch_in_hand(
    outsider: Outsider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 0, and what is committed is acknowledged, to the message."""
    monkeypatch.setenv("SCRIP_BATCH_MESSAGES", "10")  # slow enough to be interrupted
    load = mixed(CUSTOMERS, 6_000)
    with worker(outsider, tmp_path) as process:
        outsider.publish(*load)
        wait_until_under_way(outsider, len(load))
        process.signal(signal.SIGTERM)
        wait_for("the worker to end", lambda: process.exit_code is not None)
        assert process.exit_code == 0
    left = outsider.backlog()
    assert left > 0, "the load was too small to be interrupted"
    assert outsider.count("receipts") == len(load) - left
    free = "SELECT expires_at <= clock_timestamp() FROM leases WHERE name = 'reader/0'"
    assert outsider.ask(free) == [(True,)]

    with worker(outsider, tmp_path):
        wait_for("the rest", lambda: outsider.backlog() == 0)
    assert_books(outsider, load)


def test_a_second_worker_stands_by_and_takes_over(outsider: Outsider, tmp_path: Path) -> None:
    """One reads at a time, and the next begins when the lease of the dead one has run out."""
    with worker(outsider, tmp_path) as first, worker(outsider, tmp_path) as second:
        holder = f":{first.pid}"
        outsider.publish(grant("ann", 1))
        wait_for("the first message", lambda: outsider.backlog() == 0)
        assert outsider.wait_for_reader().endswith(holder)

        first.kill()
        outsider.publish(grant("ann", 2))
        wait_for("the successor", lambda: outsider.backlog() == 0)
        assert outsider.wait_for_reader().endswith(f":{second.pid}")
    assert outsider.ask("SELECT balance FROM balance") == [(3,)]


def test_a_key_of_the_wrong_type_is_waited_out(outsider: Outsider, tmp_path: Path) -> None:
    """Somebody else's mistake on the broker is said, not died of."""
    outsider.redis.set(INTAKE, "not a stream")
    with worker(outsider, tmp_path) as process:
        log = tmp_path / "worker.log"
        wait_for("the complaint", lambda: "WRONGTYPE" in log.read_text())
        outsider.redis.delete(INTAKE)
        outsider.publish(grant("ann", 1))
        wait_for("the message", lambda: outsider.ask("SELECT 1 FROM balance WHERE balance = 1"))
        assert process.exit_code is None


def test_a_worker_whose_reader_dies_ends_non_zero(outsider: Outsider) -> None:
    """A worker that looks alive and reads nothing is the worst kind."""
    environment = {
        **os.environ,
        "DATABASE_URL": outsider.servers.database_url,
        "BROKER_URL": outsider.servers.broker_url,
        "PYTHONPATH": str(stack.ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", DIES], env=environment, capture_output=True, check=False, timeout=20
    )
    assert done.returncode == EX_SOFTWARE
    assert b"the reader has died" in done.stderr


def test_a_worker_whose_reader_stands_still_ends_non_zero(
    outsider: Outsider, tmp_path: Path, quick: pytest.MonkeyPatch
) -> None:
    """Its supervisor starts it again, which is more than it could do for itself."""
    quick.setenv("SCRIP_WATCHDOG_SECONDS", "2.5")
    with worker(outsider, tmp_path) as process:
        outsider.publish(grant("ann", 1))
        wait_for("the account", lambda: outsider.backlog() == 0)
        with psycopg.connect(outsider.servers.database_url) as other:
            other.execute("SELECT 1 FROM accounts FOR UPDATE")
            outsider.publish(grant("ann", 2))
            wait_for("the watchdog", lambda: process.exit_code is not None, seconds=10)
        assert process.exit_code == EX_SOFTWARE
    assert "the reader has not moved" in (tmp_path / "worker.log").read_text()
    assert outsider.backlog() == 1
