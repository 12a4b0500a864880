"""The digests that tell a repeat from a conflict.

A field that holds its default is left out, so that a field added later changes the digest of no
message that was ever received: receipts are kept as long as the ledger.
"""

import json
from collections.abc import Callable
from dataclasses import MISSING, fields
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from domain.fields import rfc3339
from domain.messages import Body, Digests

_COMMON = frozenset(field.name for field in fields(Body))
_ACCOUNT = frozenset({"tenant", "customer", "currency"})


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    return {name: entry for name in value.__slots__ if (entry := getattr(value, name)) is not None}


_encode = json.JSONEncoder(
    ensure_ascii=True, sort_keys=True, separators=(",", ":"), default=_plain
).encode


class _Fields:
    """The names, defaults and reader of a few fields of one body class."""

    def __init__(self, body: type[Body], wanted: Callable[[str], bool]) -> None:
        chosen = sorted((f for f in fields(body) if wanted(f.name)), key=lambda f: f.name)
        self.names = tuple(f.name for f in chosen)
        self.defaults = tuple(None if f.default is MISSING else f.default for f in chosen)

    def given(self, body: Body) -> list[tuple[str, Any]]:
        """The fields that say something else than the default, by name."""
        rows = [(name, getattr(body, name)) for name in self.names]
        return [row for row, default in zip(rows, self.defaults, strict=True) if row[1] != default]


def _own_fields(body: type[Body]) -> _Fields:
    return _Fields(body, lambda name: name not in _COMMON and name != body.BUSINESS_ID)


_OWN: dict[type[Body], _Fields] = {}
_shared = _Fields(Body, lambda name: name not in _ACCOUNT)


def _uuid(text: str) -> UUID:
    return UUID(bytes=sha256(text.encode()).digest()[:16])


def digests(kind: str, message_id: str, body: Body) -> Digests:
    """Both digests of a message; equal instants and amounts written differently are equal."""
    fields_of = _OWN.get(type(body)) or _OWN.setdefault(type(body), _own_fields(type(body)))
    own = _encode(fields_of.given(body))
    named = getattr(body, body.BUSINESS_ID) if body.BUSINESS_ID else None
    shared = _encode([named if named != message_id else None, *_shared.given(body)])
    return Digests(body=_uuid(f"{kind}{own}{shared}"), terms=_uuid(f"{kind}{own}"))


def context_text(body: Body) -> str | None:
    """What people said with a message, as canonical JSON for its entries; None when nothing."""
    given = _shared.given(body)
    return _encode(dict(given)) if given else None
