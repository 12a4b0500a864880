"""Processes as Linux shows them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

PROCESSES = Path("/proc")


def children_of(parent: int, named: str) -> list[int]:
    """Process ids of children with this in their command line, in the order of their start."""
    found = []
    for folder in PROCESSES.glob("[0-9]*"):
        with suppress(OSError):
            status = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(status[1]) == parent and named.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return sorted(found)


def deciders_of(parent: int) -> list[int]:
    """Those of a worker."""
    return children_of(parent, "worker.decider")
