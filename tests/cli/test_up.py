"""`scrip up` says all that a client in another terminal needs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from worker.stack import ROOT

OWN = ("DATABASE_URL", "BROKER_URL")


@pytest.fixture
def up(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "worker.cli", "up"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in OWN}
        | {"SCRIP_DATA": str(tmp_path / "its data")},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.send_signal(signal.SIGINT)


@pytest.mark.slow
def test_the_line_that_it_prints_leads_to_its_broker(up: subprocess.Popen[str]) -> None:
    assert up.stdout is not None
    said = "For clients of your own: "
    line = next(line for line in up.stdout if line.startswith(said))
    script = f'{line.removeprefix(said).strip()} && printf %s "$BROKER_URL"'
    shell = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    broker = Redis.from_url(shell.stdout, protocol=2)
    assert broker.ping()
    assert "@" not in line  # which would be the password's end
    broker.close()


@pytest.mark.slow
def test_what_it_says_leads_other_commands_to_it(up: subprocess.Popen[str], tmp_path: Path) -> None:
    assert up.stdout is not None
    said = "There, before: "
    line = next(line for line in up.stdout if line.startswith(said)).removeprefix(said)
    assert (tmp_path / "its data" / "servers.json").exists()
    script = f"{line.strip()} && {sys.executable} -m worker.cli state --json"
    environment = {name: value for name, value in os.environ.items() if name not in OWN}
    shell = subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(shell.stdout)["accounts"] == [], shell.stderr
