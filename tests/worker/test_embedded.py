"""The embedded servers are real, durable when asked, and leave nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
import redis

from worker import embedded
from worker.embedded import Postgres, ServerError, Servers, Valkey
from worker.embedded.lock import FileLock

HOLD = """
import sys, time
from pathlib import Path
from worker import embedded
with embedded.start(Path(sys.argv[1])) as servers:
    print(servers.database_url, servers.broker_url, flush=True)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data directory under a home that nobody else may enter; made once, started often."""
    home = tmp_path_factory.mktemp("home")
    home.chmod(0o700)
    yield home / "data"
    shutil.rmtree((home / "data" / "postgres").resolve(), ignore_errors=True)


@pytest.fixture
def holder(private: Path) -> Iterator[tuple[subprocess.Popen[str], Servers]]:
    """Another process that has the servers up."""
    command = [sys.executable, "-c", HOLD, str(private)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, Servers(*process.stdout.readline().split())
        process.kill()


def rows(url: str, statement: LiteralString) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement)
        return list(cursor) if cursor.description else []


def store(url: str) -> None:
    """Leave a trace in the server."""
    if url.startswith("redis"):
        redis.Redis.from_url(url).set("kept", 7)
    else:
        rows(url, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 7 AS n")


def kept(url: str) -> bool:
    """Whether the trace is there."""
    if url.startswith("redis"):
        return bool(redis.Redis.from_url(url).get("kept") == b"7")
    return rows(url, "SELECT n FROM kept") == [(7,)]


def gone(url: str) -> bool:
    """Whether nothing answers there any more, given a little time."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        try:
            if url.startswith("redis"):
                redis.Redis.from_url(url).ping()
            else:
                psycopg.connect(url).close()
        except (redis.ConnectionError, psycopg.OperationalError) as error:
            if "refused" in str(error):
                return True
        time.sleep(0.05)
    return False


def test_quick_servers_answer_and_confirm_early(servers: Servers) -> None:
    """For unit tests: nothing waits for the disk."""
    if os.environ.get("TEST_DATABASE_URL"):
        pytest.skip("TEST_DATABASE_URL names a server of somebody else's making")
    assert rows(servers.database_url, "SHOW fsync") == [("off",)]


def test_durable_servers_confirm_what_is_on_disk(private: Path) -> None:
    """For money: PostgreSQL and the broker both fsync before they say yes, and evict nothing."""
    with embedded.start(private) as servers:
        safe = "fsync", "synchronous_commit", "full_page_writes", "data_checksums"
        settings = dict(rows(servers.database_url, "SELECT name, setting FROM pg_settings"))
        assert [settings[name] for name in safe] == ["on"] * 4
        assert rows(servers.database_url, "SHOW server_encoding") == [("UTF8",)]
        with redis.Redis.from_url(servers.broker_url, decode_responses=True) as broker:
            assert broker.config_get("append*")["appendonly"] == "yes"
            assert broker.config_get("appendfsync") == {"appendfsync": "always"}
            assert broker.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_data_and_urls_are_kept_over_a_restart(private: Path) -> None:
    """What one run stored, the next one finds, at the same address."""
    with embedded.start(private) as first:
        store(first.database_url)
        store(first.broker_url)
    with embedded.start(private) as second:
        assert second == first
        assert kept(second.database_url)
        assert kept(second.broker_url)


@pytest.mark.parametrize("memory_bytes_min", [0, 2**62])
def test_a_temporary_directory_is_removed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, memory_bytes_min: int
) -> None:
    """Without a data directory nothing stays, be it in memory or on disk."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "disk"))
    monkeypatch.setattr(embedded, "MEMORY", str(tmp_path / "memory"))
    monkeypatch.setattr(embedded, "MEMORY_BYTES_MIN", memory_bytes_min)
    monkeypatch.setattr(embedded, "reachable", lambda _: True)
    for place in ("disk", "memory"):
        (tmp_path / place).mkdir()
    with embedded.start(None, durable=False, database_url="postgresql://elsewhere/x"):
        used = [place.name for place in tmp_path.iterdir() if any(place.iterdir())]
        assert used == ["disk" if memory_bytes_min else "memory"]
    assert not any(file for place in tmp_path.iterdir() for file in place.iterdir())


def test_what_killed_starters_left_is_removed_later(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Old folders that nobody holds go; held ones and young ones stay."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(embedded, "reachable", lambda _: True)
    left, held, young = (tmp_path / f"scrip-{name}" for name in ("left", "held", "young"))
    for folder in (left, held, young):
        folder.mkdir()
    holder = FileLock(held / "lock")
    holder.acquire()
    for folder in (left, held):
        os.utime(folder, (0, 0))
    with embedded.start(None, database_url="postgresql://a/x", broker_url="redis://b"):
        assert [folder.exists() for folder in (left, held, young)] == [False, True, True]
    holder.release()


def test_given_urls_are_used_as_they_are(tmp_path: Path) -> None:
    """Whoever has servers keeps them; none is started."""
    given = Servers("postgresql://db/x", "amqp://broker")
    with embedded.start(
        tmp_path / "data", database_url=given.database_url, broker_url=given.broker_url
    ) as servers:
        assert servers == given
        assert not (tmp_path / "data" / "postgres").exists()


@pytest.mark.parametrize(("kind", "name"), [(Postgres, "postgres"), (Valkey, "valkey")])
def test_a_killed_server_comes_back_with_all_it_confirmed(
    private: Path, kind: type[Postgres] | type[Valkey], name: str
) -> None:
    """The fault harness drives the servers one by one."""
    server = kind(private / name)
    server.start()
    url = server.url
    store(url)
    server.kill()
    assert server.pid is None
    server.restart()
    assert server.url == url
    assert kept(url)
    server.stop()
    assert gone(url)


def test_kill_9_of_the_starter_leaves_no_server(
    holder: tuple[subprocess.Popen[str], Servers], private: Path
) -> None:
    """However the starter ends, its servers end, and the data directory is free again."""
    process, servers = holder
    assert embedded.running(private) == servers
    process.send_signal(signal.SIGKILL)
    process.wait()
    with embedded.start(private) as again:
        assert again == servers
    assert gone(servers.database_url)
    assert gone(servers.broker_url)
    assert embedded.running(private) is None


def test_a_second_start_on_the_same_data_is_refused(
    holder: tuple[subprocess.Popen[str], Servers], private: Path
) -> None:
    """Two servers on one data directory would destroy it."""
    process, _ = holder
    with pytest.raises(ServerError, match=f"in use by process {process.pid}: stop that one"):
        embedded.start(private).__enter__()


def test_a_stale_pid_file_does_not_stop_a_start(private: Path) -> None:
    """In containers process ids repeat, so a pid file may name a living stranger."""
    with embedded.start(private, broker_url="redis://none"):
        pass
    (private / "postgres" / "cluster" / "postmaster.pid").write_text(f"{os.getppid()}\n")
    with embedded.start(private, broker_url="redis://none") as servers:
        assert rows(servers.database_url, "SELECT 1") == [(1,)]


def test_a_failed_start_shows_the_log_and_what_to_do(private: Path) -> None:
    """The reader needs the server's own words."""
    with embedded.start(private, broker_url="redis://none"):
        pass
    version = private / "postgres" / "cluster" / "PG_VERSION"
    right = version.read_text()
    version.write_text("3\n")
    try:
        with pytest.raises(ServerError, match=r"(?s)PostgreSQL ended.*FATAL.*delete "):
            embedded.start(private).__enter__()
    finally:
        version.write_text(right)


def test_parents_stay_as_private_as_they_were(private: Path) -> None:
    """As root, PostgreSQL runs as nobody; a private home is not opened for it."""
    home = private.parent
    with embedded.start(private) as servers:
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert rows(servers.database_url, "SELECT 1") == [(1,)]
        for name in ("postgres/password", "valkey/password", "valkey/valkey.conf", "servers.json"):
            assert stat.S_IMODE((private / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
