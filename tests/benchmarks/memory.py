"""How much memory each process has had at most."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.installation import Installation

KB = 1_024
"""/proc tells kB."""


class _Process(NamedTuple):
    parent: int
    peak: int
    command: bytes


def peaks(on: Installation) -> dict[str, int]:
    """MB by process, the largest of several; nothing where there is no /proc.

    Since each began, and all of it: that of PostgreSQL's backends includes the shared buffers
    that they have touched, most of it.
    """
    running = _running()
    names = {process.pid: name for name, process in on.processes.items()}
    names |= {on.postgres.pid: "postgres", on.broker.pid: "broker"}
    found: dict[str, int] = {}
    for pid, process in running.items():
        above: int | None = pid
        while above is not None and above not in names:
            above = running[above].parent if above in running else None
        if above is not None:
            name = "decider" if b"worker.decider" in process.command else names[above]
            found[name] = max(found.get(name, 0), process.peak // KB)
    return found


def _running() -> dict[int, _Process]:
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, KeyError):  # it may just have ended; the kernel's own have no memory
            said = (path / "status").read_text().splitlines()
            told = dict(line.split(":", 1) for line in said)
            command = (path / "cmdline").read_bytes()
            peak = int(told["VmHWM"].split()[0])
            found[int(path.name)] = _Process(int(told["PPid"]), peak, command)
    return found
