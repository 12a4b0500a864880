"""Liveness and readiness over HTTP, told by the process's own loop.

A loop notes what it does in a `Pulse`; a small listener reads it. Asking costs no connection and no
new process: `celery inspect ping` takes more than a second of CPU each time. `python -m
worker.health` asks from inside a container and imports nothing but the standard library.

    GET /live    200 while the loop moves; otherwise 503, and a restart is the cure
    GET /ready   200 when the loop has also reached its servers lately; otherwise 503, wait
    GET /metrics what Prometheus collects, from worker and relay (worker/METRICS.md)
"""

import http.client
import json
import os
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from threading import Thread
from typing import Any

from worker.log import log

REACHED_WITHIN = 15.0
"""Seconds; as long as a batch may wait for a lock, and far less than what people call an outage."""

DATABASE, BROKER = "database", "broker"

_ANSWER_SECONDS_MAX = 2.0

Scrape = Callable[[], bytes]
"""Metrics as Prometheus reads them; may take a while, may be called by several threads."""


class Pulse:
    """When a process last moved, and when it last reached its servers.

    The loop writes and the listener reads. Each note is one assignment, so they need no lock.
    """

    def __init__(
        self,
        still_max: float,
        needs: frozenset[str] = frozenset({DATABASE, BROKER}),
        reached_within: float = REACHED_WITHIN,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """A loop that stands still for more than `still_max` seconds is not alive."""
        self._still_max, self._needs, self._reached_within = still_max, needs, reached_within
        self._clock = clock
        self._moved_at = clock()
        self._reached: dict[str, float] = {}
        self._holds: bool | None = None

    def moved(self) -> None:
        """The loop has come around."""
        self._moved_at = self._clock()

    def reached(self, server: str) -> None:
        """A server has answered."""
        self._reached[server] = self._clock()

    def holds(self, held: bool) -> None:
        """Whether the lease is ours; a process that stands by for it leaves the broker alone."""
        self._holds = held

    def still(self) -> float:
        """Seconds since the loop came around."""
        return self._clock() - self._moved_at

    def is_live(self) -> bool:
        """Whether the loop moves."""
        return self.still() <= self._still_max

    def is_ready(self) -> bool:
        """Whether it moves and has reached what it works with lately."""
        needed = self._needs - {BROKER} if self._holds is False else self._needs
        now, within = self._clock(), self._reached_within
        lately = {name for name, at in self._reached.copy().items() if now - at <= within}
        return self.is_live() and needed <= lately

    def facts(self) -> dict[str, Any]:
        """What a person wants to see: ages in seconds, and nothing secret."""
        now = self._clock()
        lease = {None: "none yet", True: "held", False: "standing by"}[self._holds]
        ages = {name: round(now - at, 1) for name, at in sorted(self._reached.copy().items())}
        return {"moved": round(self.still(), 1), "reached": ages, "lease": lease}


def listen(
    process: str, host: str, port: int | None, pulse: Pulse, scrape: Scrape | None = None
) -> None:
    """Answer for as long as the process lives, on daemon threads; without a port, do nothing.

    A port that is taken is said and not died of: work matters more than its probe, and the probe
    will say so itself.
    """
    if port is None:
        return
    try:
        listener = _Listener(process, host, port, pulse, scrape)
    except OSError as error:
        log.error("no health checks", host=host, port=port, error=error.strerror)
        return
    Thread(target=listener.serve_forever, name="scrip-health", daemon=True).start()


class _Listener(ThreadingMixIn, TCPServer):
    """A thread for each request, so that no probe waits for a scrape that waits for a server.

    (`HTTPServer` would ask the DNS for its own name first.)
    """

    allow_reuse_address = daemon_threads = True

    def __init__(
        self, process: str, host: str, port: int, pulse: Pulse, scrape: Scrape | None
    ) -> None:
        super().__init__((host, port), _Handler)
        self.process, self.pulse, self.scrape = process, pulse, scrape

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    timeout = _ANSWER_SECONDS_MAX
    server_version, sys_version = "scrip", ""

    def do_GET(self) -> None:
        """Answer /live, /ready and /metrics."""
        assert isinstance(self.server, _Listener)
        pulse, scrape = self.server.pulse, self.server.scrape
        if self.path == "/metrics" and scrape is not None:
            self._send(200, "text/plain; version=0.0.4; charset=utf-8", scrape())
            return
        is_good = {"/live": pulse.is_live, "/ready": pulse.is_ready}.get(self.path)
        if is_good is None:
            here = "/live and /ready" if scrape is None else "/live, /ready and /metrics"
            self._answer(404, {"error": f"only {here} are here"})
            return
        good = is_good()
        about = {"process": self.server.process, "ok": good, **pulse.facts()}
        self._answer(200 if good else 503, about)

    def _answer(self, status: int, about: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(about).encode() + b"\n")

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is inherited
        """A probe every few seconds is no news either."""


def main() -> int:
    """Ask the process beside us: 0 when it is well, 1 when not. For container health checks."""
    path = f"/{sys.argv[1] if len(sys.argv) > 1 else 'live'}"
    port = os.environ.get("SCRIP_HEALTH_PORT")
    if not port:
        return _say("SCRIP_HEALTH_PORT is not set: nobody answers health checks here", 1)
    host = os.environ.get("SCRIP_HEALTH_HOST", "127.0.0.1")  # 0.0.0.0 is reached like any other
    asked = http.client.HTTPConnection(host, int(port), timeout=_ANSWER_SECONDS_MAX)
    try:
        asked.request("GET", path)
        answer = asked.getresponse()
        said = answer.read().decode()
    except (OSError, http.client.HTTPException) as error:
        return _say(f"no answer on port {port}: {error}", 1)
    return _say(said.strip(), 0 if answer.status == http.client.OK else 1)


def _say(words: str, status: int) -> int:
    sys.stdout.write(f"{words}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
