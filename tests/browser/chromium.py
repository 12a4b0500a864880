"""A headless Chromium, spoken to over a pipe by its DevTools protocol; needs nothing but it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Data = dict[str, Any]

_NAMES = ("chromium", "chromium-browser", "google-chrome")
PROGRAM = next(filter(None, map(shutil.which, _NAMES)), None)
_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)
_LAUNCHER = """
import os, sys
for end, place in zip(sys.argv[1:3], (3, 4)):
    os.dup2(int(end), place)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""The browser reads commands from its file 3 and answers on its file 4."""


class Page:
    """A tab, and what it complained of."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, answers
        self._id, self._rest = 0, b""
        self._session: str | None = None
        self._seen: set[str] = set()
        self.complaints: list[str] = []
        """Console messages and errors, what the page's policy forbade among them."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Accessibility"):
            self.ask(f"{domain}.enable")

    def open(self, file: Path, width: int) -> None:
        """Show a file in a window this wide, as a telephone does, and wait until it is there."""
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": True}
        self.ask("Emulation.setDeviceMetricsOverride", **size)
        self._seen.clear()
        self.ask("Page.navigate", url=file.as_uri())
        while "Page.loadEventFired" not in self._seen:
            self._take()

    def value(self, expression: str) -> Any:
        """What an expression comes to in the page."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        code = {"Tab": 9, "Enter": 13}[key]
        for kind in ("rawKeyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code)

    def spoken(self) -> list[tuple[str, str, str]]:
        """Role, name and description of everything that a screen reader meets."""
        nodes = self.ask("Accessibility.getFullAXTree")["nodes"]
        return [
            tuple(str(node.get(part, {}).get("value", "")) for part in _PARTS)  # type: ignore[misc]
            for node in nodes
            if not node["ignored"]
        ]

    def ask(self, method: str, **parameters: Any) -> Data:
        """Send a command and wait for its answer."""
        self._id += 1
        command: Data = {"id": self._id, "method": method, "params": parameters}
        if self._session is not None:
            command["sessionId"] = self._session
        os.write(self._commands, json.dumps(command).encode() + b"\0")
        while True:
            answer = self._take()
            if answer.get("id") == self._id:
                assert "error" not in answer, answer["error"]
                return dict(answer["result"])

    def _take(self) -> Data:
        while b"\0" not in self._rest:
            chunk = os.read(self._answers, 1 << 16)
            assert chunk, "the browser has ended"
            self._rest += chunk
        raw, self._rest = self._rest.split(b"\0", 1)
        told: Data = json.loads(raw)
        method = told.get("method", "")
        self._seen.add(method)
        if method in {"Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"}:
            self.complaints.append(json.dumps(told["params"]))
        return told


_PARTS = ("role", "name", "description")


@contextmanager
def browser(profile: Path) -> Iterator[Page]:
    """A browser with an empty profile, for as long as the block runs."""
    assert PROGRAM is not None
    (theirs, commands), (answers, ours) = _pipe(), _pipe()
    argv = [PROGRAM, *_OPTIONS, f"--user-data-dir={profile}"]
    launcher = [sys.executable, "-c", _LAUNCHER, str(theirs), str(ours)]
    process = subprocess.Popen(
        [*launcher, *argv], pass_fds=(theirs, ours), stderr=subprocess.DEVNULL
    )
    os.close(theirs)
    os.close(ours)
    try:
        page = Page(commands, answers)
        yield page
    finally:
        os.close(commands)  # it ends by itself when nobody can command it any more
        os.close(answers)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _pipe() -> tuple[int, int]:
    """A pipe whose ends are clear of the places that they are to be put at."""
    ends = os.pipe()
    high = fcntl.fcntl(ends[0], fcntl.F_DUPFD, 10), fcntl.fcntl(ends[1], fcntl.F_DUPFD, 10)
    for end in ends:
        os.close(end)
    return high
