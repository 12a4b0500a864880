"""Messages signed by other people's programs, on an installation that takes no others."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from tests.contract.node import node_with, run_node
from tests.contract.test_clients import CLIENTS, assert_granted, run
from tests.end_to_end.conftest import QUICK
from tests.end_to_end.installation import own_servers
from tests.end_to_end.messages import grant
from tests.end_to_end.outsider import INTAKE, Outsider, wait_for
from tests.worker.signed import SECRETS, key_file, signature
from worker import embedded, stack

KEY = f"new:{SECRETS['new']}"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outsider]:
    """Servers, a worker that wants signatures, and a relay."""
    folder = tmp_path_factory.mktemp("signed")
    with ExitStack() as opened:
        patch = opened.enter_context(pytest.MonkeyPatch.context())
        asked = {"SCRIP_SIGNATURES": "strict", "SCRIP_SIGNING_KEYS": str(key_file(folder))}
        for name, value in (QUICK | asked).items():
            patch.setenv(name, value)
        durable = opened.enter_context(embedded.start(None, durable=True))
        servers = opened.enter_context(own_servers(durable))
        opened.enter_context(stack.processes(servers, folder, names=("worker", "relay")))
        client = opened.enter_context(Outsider(servers))
        client.wait_for_reader()
        yield client


def reason_of(strict: Outsider, message_id: str) -> str:
    sql = "SELECT reason FROM quarantine WHERE message_id = %s"
    rows = wait_for("the quarantine", lambda: strict.ask(sql, message_id))
    return str(rows[0][0])


def test_python_signs(strict: Outsider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNING_KEY", KEY)
    printed = run(strict, sys.executable, str(CLIENTS / "credits.py"), "cus_python")
    assert_granted(strict, "cus_python", printed)


@pytest.mark.slow
def test_node_signs(strict: Outsider) -> None:
    url, folder = strict.servers.broker_url, node_with("redis@6")
    printed = run_node(CLIENTS / "credits.mjs", folder, "cus_node", BROKER_URL=url, SIGNING_KEY=KEY)
    assert_granted(strict, "cus_node", printed)


def test_the_unsigned_and_the_forged_are_held_and_the_worker_goes_on(strict: Outsider) -> None:
    bare, forged, right = (grant("ann", 700, message_id=name) for name in ("bare", "forged", "ok"))
    strict.publish(bare)
    strict.redis.xadd(INTAKE, {"event": forged, "signature": signature(right)})
    strict.redis.xadd(INTAKE, {"signature": signature(right), "event": right})
    wait_for("hers", lambda: strict.ask("SELECT 1 FROM balance WHERE customer = 'ann'"))
    assert strict.ask("SELECT balance FROM balance WHERE customer = 'ann'") == [(700,)]
    assert reason_of(strict, "bare").startswith("signature: missing")
    assert reason_of(strict, "forged").endswith("under the key 'new'")


@pytest.mark.parametrize(("key", "secret"), [("new", "new"), ("new", "old"), (None, None)])
def test_the_task_carries_a_signature_and_checks_none_by_itself(
    strict: Outsider, key: str | None, secret: str | None
) -> None:
    producer = Celery("elsewhere", broker=strict.servers.broker_url, set_as_current=False)
    producer.conf.update(result_backend=strict.servers.broker_url, task_default_queue="scrip.tasks")
    raw = grant("eve", 300, message_id=f"task-{key}-{secret}")
    signed = signature(raw, key, SECRETS[secret]) if key and secret else None
    asked: Any = producer.send_task("credits.submit", (raw.decode(), signed))
    told = asked.get(timeout=20)
    assert told["outcome"] == ("applied" if key == secret == "new" else None), json.dumps(told)
    assert key == secret == "new" or told["quarantined"].startswith("signature: ")


def test_a_worker_without_its_keys_does_not_start(
    strict: Outsider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SCRIP_SIGNING_KEYS", str(tmp_path / "nowhere"))
    with stack.processes(strict.servers, tmp_path, names=("worker",)) as processes:
        wait_for("its end", lambda: processes["worker"].exit_code is not None)
        assert processes["worker"].exit_code == 2
    log = (tmp_path / "worker.log").read_text()
    assert log.endswith(
        f"scrip: SCRIP_SIGNING_KEYS: {tmp_path}/nowhere: No such file or directory\n"
    )
