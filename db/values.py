"""Small values that the store and the shell share."""

from hashlib import sha256
from typing import NamedTuple


class Lease(NamedTuple):
    """The right to be the one active reader (or relay) of a partition."""

    name: str
    epoch: int


class Quarantined(NamedTuple):
    """A message set aside with its reason and its raw bytes (R21)."""

    raw: bytes
    reason: str
    message_id: str | None
    signature: str | None = None
    """What came beside the bytes; a redrive sends it along, and it is checked again."""

    @property
    def digest(self) -> str:
        """SHA-256 of the raw bytes in hex: the same bytes are set aside once."""
        return sha256(self.raw).hexdigest()


class Unsent(NamedTuple):
    """An outbox row: the events of one batch, in order."""

    id: int
    events: tuple[str, ...]
