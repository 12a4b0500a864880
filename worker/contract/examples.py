"""The example messages, and the events that they lead to, in the order in which they happen.

The files tell one story. `03-...` is a message and `03a-...`, `03b-...` what is published for it;
letters without a message are what the schedule does when credit expires.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).resolve().parent / "examples"

_NAME = re.compile(r"(?P<step>[0-9]{2})(?P<event>[a-z]?)-(?P<kind>[a-z_.]+)")


class Example(NamedTuple):
    """One file."""

    name: str
    step: str
    kind: str
    is_event: bool
    raw: bytes

    @property
    def event(self) -> Any:
        """The CloudEvent that the file holds."""
        return json.loads(self.raw)


@cache
def examples() -> tuple[Example, ...]:
    """All of them, in the story's order."""
    return tuple(map(_example, sorted(FOLDER.glob("*.json"))))


def _example(path: Path) -> Example:
    named = _NAME.fullmatch(path.stem)
    assert named, f"{path.name}: examples are named like 03-credit.grant or 03a-invoice.credited"
    return Example(path.stem, named["step"], named["kind"], bool(named["event"]), path.read_bytes())
