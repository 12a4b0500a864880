"""`rediss://` and `amqps://`: everything goes over TLS, and to nobody but the one who was named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.end_to_end.messages import grant
from tests.end_to_end.outsider import wait_for
from tests.ops.installation import run
from tests.ops.tls import MISSING, OPENSSL, certificate, terminated
from tests.producing import producer
from worker import stack
from worker.embedded import Servers

pytestmark = pytest.mark.skipif(OPENSSL is None, reason=MISSING)

CELERYS = "from worker.app import app; app.send_task('scrip.expire', retry=False)"
HERE, ELSEWHERE = "IP:127.0.0.1", "DNS:elsewhere.example"


@pytest.fixture(params=["redis", "rabbitmq"])
def plain(request: pytest.FixtureRequest) -> str:
    """A broker's URL, without TLS."""
    fixture = "broker_url" if request.param == "redis" else "rabbitmq_url"
    return str(request.getfixturevalue(fixture))


@pytest.fixture
def secured(plain: str, pem: Path) -> Iterator[str]:
    """The same broker's, with TLS."""
    parts = urlsplit(plain)
    assert parts.port
    with terminated(parts.port, pem) as port:
        where = parts.netloc.replace(f":{parts.port}", f":{port}")
        yield parts._replace(scheme=f"{parts.scheme}s", netloc=where).geturl()


@pytest.fixture
def pem(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A certificate for this machine, or for the name that the test gives."""
    return certificate(tmp_path, getattr(request, "param", HERE))


def test_an_installation_works_over_tls(
    plain: str,
    secured: str,
    pem: Path,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The intake, the events, and Celery's own queue with its answers."""
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    backend = plain if plain.startswith("redis") else "rpc://"
    with (
        stack.processes(Servers(database_url, secured), tmp_path),
        psycopg.connect(database_url, autocommit=True) as database,
        producer(plain, backend) as app,
    ):
        wait_for("a reader", lambda: database.execute("SELECT 1 FROM leases").fetchone())
        message = [json.loads(grant("ann", 500))]
        task = app.send_task("credits.submit", args=message, queue="scrip.tasks")
        assert task.get(timeout=30)["outcome"] == "applied"
        unsent = "SELECT 1 FROM outbox"
        wait_for("its events", lambda: database.execute(unsent).fetchone() is None)


@pytest.mark.parametrize(("pem", "trusted"), [(HERE, False), (ELSEWHERE, True)], indirect=["pem"])
def test_a_stranger_hears_nothing(
    secured: str, pem: Path, trusted: bool, database_url: str, tmp_path: Path
) -> None:
    """One whose certificate nobody vouches for, or is for another name; Celery asks for it too."""
    known = {"SSL_CERT_FILE": str(pem)} if trusted else {}
    path = tmp_path / "events.jsonl"
    path.write_bytes(grant("ann", 1) + b"\n")
    for command in (("-m", "worker.cli", "publish", str(path)), ("-c", CELERYS)):
        done = run(*command, DATABASE_URL=database_url, BROKER_URL=secured, **known)
        assert done.returncode != 0, command
        assert "certificate verify failed" in done.stderr
