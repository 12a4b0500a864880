"""Processes as Linux shows them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

PROCESSES = Path("/proc")


def deciders_of(parent: int) -> list[int]:
    """Process ids of a worker's deciders, in the order in which they were started."""
    found = []
    for folder in PROCESSES.glob("[0-9]*"):
        with suppress(OSError):
            status = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(status[1]) == parent and b"worker.decider" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return sorted(found)
