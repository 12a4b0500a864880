"""Lets the database's clock stand, for those who compare what was decided with something else."""

from __future__ import annotations

from datetime import datetime
from unittest import mock

from db.gather import READ_CLOCK
from domain.fields import rfc3339


def at(now: datetime) -> mock._patch[bytes]:
    """Every batch in its `with` block is decided at this instant."""
    standing = f"'{rfc3339(now)}'::timestamptz".encode()
    return mock.patch("db.gather.READ_CLOCK", READ_CLOCK.replace(b"clock_timestamp()", standing))
