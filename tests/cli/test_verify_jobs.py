"""`scrip verify --jobs` finds what one process finds, and leaves no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from db.books import snapshot
from db.store import PostgresStore
from domain.books import Violation
from tests.cli.conftest import Drain, Run, Write
from tests.cli.harm import HARM, do
from tests.cli.messages import mix
from tests.processes import children_of
from worker.cli import verify_jobs
from worker.cli.verify_findings import LISTED_MAX, Findings, findings_of
from worker.stack import ROOT

JOBS = 2
Started = subprocess.Popen[str]


@pytest.fixture(autouse=True)
def published(run: Run, drain: Drain, write: Write) -> None:
    run("publish", str(write(mix(7, 300))))
    drain()


@pytest.mark.parametrize("harm", [(), tuple(harm for harm, _ in reversed(HARM))])
def test_three_jobs_say_what_one_says(run: Run, database_url: str, harm: tuple[str, ...]) -> None:
    do(database_url, *harm)
    one, three = (run("verify", "--json", "--jobs", jobs) for jobs in ("1", "3"))
    assert three.stdout == one.stdout
    assert three.exit_code == one.exit_code == bool(harm)
    assert ("without an account" in one.stdout) == bool(harm)


@pytest.mark.parametrize("harm", [harm for harm, _ in HARM])
def test_parts_make_up_the_whole(
    store: PostgresStore, database_url: str, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    """Of a few accounts, a few parts."""
    monkeypatch.setattr(verify_jobs, "PARTS", 5)
    do(database_url, harm)
    with snapshot(store.engine) as seen:
        parts = [findings_of(seen, *verify_jobs.edges(part)) for part in range(5)]
        assert told(merged(parts)) == told(findings_of(seen, None, None))
    assert sum(bool(part.checked) for part in parts) > 1


def merged(parts: list[Findings]) -> Findings:
    whole = Findings()
    for part in parts:
        whole.take(part)
    return whole


def told(findings: Findings) -> list[Any]:
    """All that is in them, and in which order."""
    counts = (findings.checked, findings.broken, findings.orphans)
    return [*(list(count.items()) for count in counts), findings.listed]


def test_no_more_is_listed_of_parts_than_of_the_whole() -> None:
    whole = Findings()
    for name in ("first", "second"):
        part = Findings()
        for number in range(LISTED_MAX - 10):
            part.add(Violation("I3", f"{name} {number}", "is wrong"), {})
        whole.take(part)
    assert whole.broken["I3"] == 2 * (LISTED_MAX - 10)
    assert len(whole.listed) == LISTED_MAX
    assert [row["where"] for row in whole.listed[-10:]] == [f"second {n}" for n in range(10)]


def test_no_job_sees_what_comes_later(run: Run, store: PostgresStore, database_url: str) -> None:
    heard = list[int]()
    with snapshot(store.engine) as seen:
        before = findings_of(seen, None, None)
        do(database_url, "DELETE FROM entries WHERE seq = 2", "DELETE FROM accounts")
        parts = verify_jobs.looked_at(seen, JOBS, heard.append)
    assert told(merged(parts)) == told(before)
    assert sum(heard) == before.checked["accounts"] > 0
    assert run("verify").exit_code == 1


def test_a_journal_takes_one_process(run: Run, write: Write) -> None:
    refused = run("verify", "--journal", str(write([])), "--jobs", "2")
    assert refused.exit_code == 2
    assert "leave out --jobs" in refused.stderr
    assert run("verify", "--jobs", "0").exit_code == 2


ENDLESS = """
ALTER TABLE entries RENAME TO hidden;
CREATE VIEW entries AS SELECT * FROM hidden WHERE pg_sleep(1000000) IS NULL;
GRANT SELECT ON entries TO PUBLIC;
"""

BUSY = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND wait_event = 'PgSleep'
"""


@pytest.fixture
def database(database_url: str) -> Iterator[psycopg.Connection]:
    """Where reading entries takes for ever, so that no job comes to the end of all parts."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(ENDLESS)
        yield connection


@pytest.fixture
def verifying(database: psycopg.Connection) -> Iterator[Started]:
    """The command in a process group of its own, as a shell starts it, with its jobs."""
    with subprocess.Popen(
        [sys.executable, "-m", "worker.cli", "verify", "--jobs", str(JOBS)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    ) as started:
        until(started, lambda: len(jobs_of(started)) == JOBS)
        yield started
        started.kill()
        cut(database)


def jobs_of(started: Started) -> list[int]:
    return children_of(started.pid, "worker.cli.verify_job")


def until(started: Started, holds: Callable[[], bool]) -> None:
    while not holds():
        assert started.poll() is None, started.communicate()
        time.sleep(0.02)


def at_work(started: Started, database: psycopg.Connection) -> None:
    """Returns as soon as all jobs read entries."""
    until(started, lambda: len(database.execute(BUSY).fetchall()) == JOBS)


def cut(database: psycopg.Connection) -> None:
    """End what the jobs read."""
    for row in database.execute(BUSY).fetchall():
        database.execute("SELECT pg_terminate_backend(%s)", row)


def end_of(started: Started) -> tuple[int, str]:
    """The exit code and stderr, which is not closed before the last job has ended."""
    _, errors = started.communicate()
    assert "Traceback" not in errors
    return started.returncode, errors


def test_a_job_that_is_killed(verifying: Started, database: psycopg.Connection) -> None:
    at_work(verifying, database)
    os.kill(jobs_of(verifying)[1], signal.SIGKILL)
    code, errors = end_of(verifying)
    assert code == 2
    assert errors.startswith("scrip: a job has ended by SIGKILL before it was done")


def test_a_job_whose_connection_is_cut(verifying: Started, database: psycopg.Connection) -> None:
    at_work(verifying, database)
    cut(database)
    code, errors = end_of(verifying)
    assert code == 2
    assert errors.startswith("scrip: the database: ")


@pytest.mark.parametrize("begun", [False, True])
def test_ctrl_c(verifying: Started, database: psycopg.Connection, begun: bool) -> None:
    if begun:
        at_work(verifying, database)
    os.killpg(verifying.pid, signal.SIGINT)
    code, errors = end_of(verifying)
    assert code not in {0, 1}
    assert "scrip: " not in errors


def test_jobs_leave_ctrl_c_to_their_parent(verifying: Started) -> None:
    """A terminal sends it to the group that its command is in."""
    jobs = jobs_of(verifying)
    assert [os.getpgid(job) for job in jobs] == jobs


def test_jobs_whose_parent_is_killed(verifying: Started, database: psycopg.Connection) -> None:
    at_work(verifying, database)
    verifying.kill()
    cut(database)
    assert end_of(verifying) == (-signal.SIGKILL, "")
