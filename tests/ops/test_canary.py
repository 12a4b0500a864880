"""Passwords and payloads never reach a log, a command line or what a program says of itself.

The servers are given a password, and messages a note, that occur nowhere else. Then everything that
can go wrong does, and whatever was written is searched for both.
"""

from __future__ import annotations

import json
import re
import signal
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from db.migrate import upgrade
from tests.end_to_end.messages import TENANT, deduct, event, grant, invoice
from tests.end_to_end.outsider import Outsider, wait_for
from tests.ops.installation import ask, free_port, run
from worker import stack
from worker.embedded import Postgres, Servers, Valkey
from worker.stack import Process

PASSWORD = "canary-password-5f2c"
NOTE = "canary note 9d41"
SECRET = b"canary of 32 bytes, a secret 77e"
GLIMPSES = (SECRET.decode()[:12], SECRET.hex()[:16], SECRET.hex()[-16:])  # errors shorten values
CANARIES = re.compile("|".join((PASSWORD, NOTE, json.dumps(NOTE).encode().hex(), *GLIMPSES)))


class Aviary:
    """An installation on servers of its own, whose logs are looked through."""

    def __init__(self, folder: Path) -> None:
        self.logs = folder
        self.postgres, self.valkey = Postgres(folder / "postgres"), Valkey(folder / "valkey")
        for server in (self.postgres, self.valkey):
            server.folder.mkdir(mode=0o700)
            (server.folder / "password").write_text(f"{PASSWORD}\n")
        self.keys = folder / "signing-keys.json"
        self.keys.write_text(json.dumps({"k": {"secret": SECRET.hex(), "tenants": [TENANT]}}))

    @property
    def servers(self) -> Servers:
        return Servers(self.postgres.url, self.valkey.url)

    def settings(self) -> dict[str, str]:
        """What a command needs to find the installation."""
        return {
            "DATABASE_URL": self.postgres.url,
            "BROKER_URL": self.valkey.url,
            "SCRIP_SIGNATURES": "optional",
            "SCRIP_SIGNING_KEYS": str(self.keys),
        }

    def log(self, process: str) -> str:
        """What a process has written."""
        return (self.logs / f"{process}.log").read_text()

    def written(self) -> dict[str, str]:
        """Every log, of the processes and of the servers."""
        logs = [*self.logs.glob("*.log"), self.postgres.log, self.valkey.log]
        return {f"{path.parent.name}/{path.name}": path.read_text() for path in logs}


@pytest.fixture
def aviary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aviary]:
    monkeypatch.setenv("SCRIP_EXPIRY_SECONDS", "1")
    monkeypatch.setenv("SCRIP_LEASE_SECONDS", "1")
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="scrip-")))
        folder.chmod(0o711)  # PostgreSQL may pass, as nobody, to its own folder
        found = Aviary(folder)
        for server in (found.postgres, found.valkey):
            server.start()
            opened.callback(server.stop)
        upgrade(found.postgres.url)
        with Outsider(found.servers) as owner:  # as SECURITY.md asks for
            owner.database.execute("ALTER ROLE scrip SET log_error_verbosity = terse")
        yield found


def shown(texts: dict[str, str]) -> list[str]:
    """The lines that have a canary in them."""
    return [
        f"{name}: {line[:300]}"
        for name, text in texts.items()
        for line in text.splitlines()
        if CANARIES.search(line)
    ]


def unwelcome() -> list[bytes]:
    """One of each kind of message, every one with the note."""
    said: dict[str, Any] = {"note": NOTE, "metadata": {"said": NOTE}}
    return [
        grant("ann", 500, **said, message_id="g"),
        grant("ann", 600, **said, message_id="g"),
        grant("ann", 500, **said, message_id="g"),
        invoice("ann", "i", 300, **said),
        deduct("ann", 10_000, **said),
        event("credit.grant", "ann", amount=12.5, **said),
        event("credit.gift", NOTE, **said),
        event("credit.grant", "ann", amount=NOTE, currency_=NOTE),
        NOTE.encode(),
        b'{"' + NOTE.encode(),
    ]


def break_everything(aviary: Aviary, client: Outsider, processes: dict[str, Process]) -> None:
    """Rows that the database refuses, a lock, a dead broker, a dead database, a killed worker."""
    client.database.execute("ALTER TABLE entries ADD CONSTRAINT none CHECK (kind <> 'deduction')")
    client.publish(grant("bob", 900, note=NOTE), deduct("bob", 1, note=NOTE))
    wait_for("the culprit", lambda: "impossible" in aviary.log("worker"))
    client.publish(b"[" * 100_000)
    for said in (f"k:{'0' * 64}", f"unknown:{'0' * 64}", f"k:{SECRET.hex()}", SECRET.hex(), NOTE):
        entry: Any = {"event": deduct("ann", 1, note=NOTE), "signature": said}
        client.redis.xadd("credits.in", entry)
    client.wait_until_quiet()
    for server in (aviary.valkey, aviary.postgres):
        enough = partial(has_complained, aviary, complaints(aviary) + 1)
        server.kill()
        wait_for("a complaint", enough)
        server.start()
    processes["worker"].kill()
    processes["worker"].start()


def complaints(aviary: Aviary) -> int:
    """How often worker and relay have said that they try again."""
    return sum(aviary.log(name).count("trying again") for name in ("worker", "relay"))


def has_complained(aviary: Aviary, times: int) -> bool:
    return complaints(aviary) >= times


def works_again(aviary: Aviary) -> None:
    """Returns when the last of the messages, with its note, is in the books."""
    with Outsider(aviary.servers) as client:
        client.publish(grant("eve", 1, note=NOTE))
        wait_for("eve's", lambda: client.ask("SELECT 1 FROM balance WHERE customer = 'eve'"))


def test_no_canary_sings(aviary: Aviary, monkeypatch: pytest.MonkeyPatch) -> None:
    """After everything that can go wrong has."""
    port = free_port()
    monkeypatch.setenv("SCRIP_HEALTH_PORT", str(port))
    for name, value in aviary.settings().items():
        monkeypatch.setenv(name, value)
    with stack.processes(aviary.servers, aviary.logs) as processes, Outsider(aviary.servers) as it:
        it.wait_for_reader()
        it.publish(*unwelcome())
        wait_for("the quarantine", lambda: it.count("quarantine") == 6)
        break_everything(aviary, it, processes)
        works_again(aviary)
        told = {"health": str(ask(port, "/ready")), **command_lines(processes)}
        processes["relay"].signal(signal.SIGTERM)
    assert shown(told) == []
    assert len(aviary.written()) == 5
    assert shown(aviary.written()) == []


def command_lines(processes: dict[str, Process]) -> dict[str, str]:
    """What `ps` shows of them, where there is /proc."""
    paths = {name: Path(f"/proc/{process.pid}/cmdline") for name, process in processes.items()}
    return {name: path.read_text() for name, path in paths.items() if path.exists()}


def unfit_keys(folder: Path) -> Iterator[Path]:
    """Files with the secret in them that are no keys, for as many reasons."""
    secret = SECRET.hex()
    for number, text in enumerate(
        (
            f'{{"k": {{"secret": "{secret}"',
            f'{{"k": "{secret}"}}',
            json.dumps({"k": {"secret": secret}}),
            json.dumps({"k": {"secret": secret, "tenants": "*"}}),
            json.dumps({"k": {"secret": SECRET.decode(), "tenants": ["*"]}}),
        )
    ):
        path = folder / f"unfit-{number}.json"
        path.write_text(text)
        yield path


def test_no_program_tells_the_password(aviary: Aviary) -> None:
    """Celery's own views, the doctor, settings in a traceback, and servers that are not there."""
    good = aviary.settings()
    nowhere = {name: re.sub(r":\d+/", ":1/", url) for name, url in good.items()}
    wrong = {name: url.replace(PASSWORD, f"{PASSWORD}x") for name, url in good.items()}
    show = (
        "from worker import settings, wiring_books; "
        "decode = wiring_books.decoder(settings.load()); "
        "print(settings.load(), vars(settings.load()), vars(decode.__self__)); 1/0"
    )
    commands: list[tuple[dict[str, str], str]] = [
        (good, "-m celery -A worker.app report"),
        (good, "-m celery -A worker.app inspect -t 1 stats"),
        (good, "-m worker.cli doctor --json"),
        (nowhere, "-m worker.cli doctor"),
        (wrong, "-m worker.cli doctor"),
        (nowhere, "-m worker.cli relay"),
        ({**good, "SCRIP_LEASE_SECONDS": "x"}, "-m worker.cli worker"),
        ({**good, "BROKER_URL": good["DATABASE_URL"]}, "-m worker.cli doctor"),
        *(
            ({**good, "SCRIP_SIGNING_KEYS": str(path)}, "-m worker.cli worker")
            for path in unfit_keys(aviary.logs)
        ),
    ]
    with ThreadPoolExecutor() as pool:
        runs = [pool.submit(run, *line.split(), **settings) for settings, line in commands]
        runs.append(pool.submit(run, "-c", show, **good))
    said = {str(at): done.result().stdout + done.result().stderr for at, done in enumerate(runs)}
    assert shown(said) == []
    assert all(said.values())
    assert "SecretStr" in said[str(len(commands))]
