"""The clients that people copy do what they say, on a whole installation."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.contract.node import node_with, run_node
from tests.contract.test_events import STRICT
from tests.end_to_end.conftest import QUICK
from tests.end_to_end.installation import own_servers
from tests.end_to_end.outsider import Outsider, wait_for
from worker import embedded, stack
from worker.contract.examples import examples

CLIENTS = Path(__file__).resolve().parents[2] / "worker" / "contract" / "clients"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outsider]:
    """Servers, a worker and a relay."""
    with ExitStack() as opened:
        patch = opened.enter_context(pytest.MonkeyPatch.context())
        for name, value in QUICK.items():
            patch.setenv(name, value)
        durable = opened.enter_context(embedded.start(None, durable=True))
        servers = opened.enter_context(own_servers(durable))
        logs = tmp_path_factory.mktemp("clients")
        opened.enter_context(stack.processes(servers, logs, names=("worker", "relay")))
        client = opened.enter_context(Outsider(servers))
        client.wait_for_reader()
        yield client


def assert_granted(installation: Outsider, customer: str, printed: str) -> None:
    """The client printed the answer, and the customer has the credit."""
    (event,) = installation.events(customer)
    assert event["type"] == "credit.balance_changed"
    assert event["data"]["available"] == 500
    assert event["data"]["cause"]["id"] in printed


def run(installation: Outsider, *argv: str, folder: str | None = None) -> str:
    environment = {**os.environ, "BROKER_URL": installation.servers.broker_url}
    done = subprocess.run(
        argv, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_python(installation: Outsider) -> None:
    printed = run(installation, sys.executable, str(CLIENTS / "credits.py"), "cus_python")
    assert_granted(installation, "cus_python", printed)


def test_shell(installation: Outsider) -> None:
    if not (shutil.which("valkey-cli") or shutil.which("redis-cli")):
        pytest.skip("neither valkey-cli nor redis-cli is on PATH")
    printed = run(installation, "sh", str(CLIENTS / "credits.sh"), "cus_shell")
    assert_granted(installation, "cus_shell", printed)


def test_shell_ends_where_the_broker_refuses(installation: Outsider) -> None:
    """A wrong password must not have it ask for ever."""
    if not (shutil.which("valkey-cli") or shutil.which("redis-cli")):
        pytest.skip("neither valkey-cli nor redis-cli is on PATH")
    url = re.sub(r":[^:@]+@", ":wrong@", installation.servers.broker_url)
    argv = ["sh", str(CLIENTS / "credits.sh"), "cus_refused"]
    environment = {**os.environ, "BROKER_URL": url}
    done = subprocess.run(
        argv, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "NOAUTH" in done.stderr


@pytest.mark.slow
def test_node(installation: Outsider) -> None:
    folder = node_with("redis@6")
    url = installation.servers.broker_url
    printed = run_node(CLIENTS / "credits.mjs", folder, "cus_node", BROKER_URL=url)
    assert_granted(installation, "cus_node", printed)


def test_java(installation: Outsider) -> None:
    jars = os.environ.get("JEDIS_JARS")
    if not jars or not shutil.which("java"):
        pytest.skip("java or JEDIS_JARS, the folder with Jedis and what it needs, is not there")
    source = str(CLIENTS / "Credits.java")
    printed = run(installation, "java", "-cp", f"{jars}/*", source, "cus_java")
    assert_granted(installation, "cus_java", printed)


def test_go(installation: Outsider) -> None:
    module = os.environ.get("GO_REDIS_MODULE")
    if not module or not shutil.which("go"):
        pytest.skip("go or GO_REDIS_MODULE, a module that requires go-redis, is not there")
    client = str(CLIENTS / "credits.go")
    printed = run(installation, "go", "run", client, "cus_go", folder=module)
    assert_granted(installation, "cus_go", printed)


def test_the_examples_work_on_a_whole_installation(installation: Outsider) -> None:
    """Each leads to events of the types that stand beside it, and all of them are documented."""
    before = len(installation.events())
    story = [example for example in examples() if example.step < "08"]  # then time has to pass
    raws = [example.raw for example in story if not example.is_event]
    installation.publish(*(raw.replace(b'"2026-', b'"2096-') for raw in raws))  # not expired yet
    wanted = sorted(example.kind for example in story if example.is_event)
    wait_for("the events", lambda: len(installation.events()) - before >= len(wanted))
    told = installation.events()[before:]
    assert sorted(event["type"] for event in told) == wanted
    for event in told:
        assert list(STRICT[event["type"]].iter_errors(event)) == [], json.dumps(event)
