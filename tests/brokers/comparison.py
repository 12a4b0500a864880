"""One table of several brokers, side by side."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from tests.brokers.kinds import Kind
from worker import stack

COUNTS = re.compile(r"\d+ (?:passed|failed|errors?|skipped)")


def conformance(kind: Kind) -> dict[str, str]:
    """What `tests/conformance` says of the kind's adapter."""
    command = [sys.executable, "-m", "pytest", "-q", "tests/conformance", "-k", kind.name]
    done = subprocess.run(command, cwd=stack.ROOT, capture_output=True, text=True, check=False)
    last = (done.stdout.strip().splitlines() or [""])[-1]
    return {"conformance tests": ", ".join(COUNTS.findall(last)) or "did not run"}


def print_table(columns: Mapping[str, Mapping[str, str]]) -> None:
    """A column for each broker; what one of them does not have is left empty."""
    table = Table("", *columns)
    names = dict.fromkeys(name for column in columns.values() for name in column)
    for name in names:
        table.add_row(name, *(column.get(name, "") for column in columns.values()))
    Console(width=100).print(table)
