"""Some published events, read at once."""

from typing import NamedTuple

CHUNK = 500
"""Events read at a time; this many are in memory at once."""


class Chunk(NamedTuple):
    """Events in their order, and how many entries were read so far."""

    events: list[bytes]
    read: int
