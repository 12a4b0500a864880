"""Installations with a broker of their own, which a test may stop, lock up or look into."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from worker import stack
from worker.embedded import Valkey


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def own_valkey(folder: Path) -> Iterator[Valkey]:
    """A durable broker, running."""
    valkey = Valkey(folder)
    valkey.start()
    try:
        yield valkey
    finally:
        valkey.stop()


def ask(port: int, path: str) -> tuple[int, dict[str, Any]]:
    """A probe as Kubernetes makes it; status 0 while nobody listens."""
    asked = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        asked.request("GET", path)
        answer = asked.getresponse()
        return answer.status, json.loads(answer.read())
    except OSError:
        return 0, {}
    finally:
        asked.close()


def probe(port: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The probe as a container's health check makes it."""
    return run("-m", "worker.health", *arguments, SCRIP_HEALTH_PORT=str(port))


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Python with arguments, in an environment with some more settings."""
    environment = {**os.environ, "PYTHONPATH": str(stack.ROOT), **settings}
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        cwd=stack.ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
