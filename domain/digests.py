"""The digests that tell a repeat from a conflict.

A field that holds its default is left out, so that a field added later changes the digest of no
message that was ever received: receipts are kept as long as the ledger.
"""

from collections.abc import Callable
from dataclasses import MISSING, fields
from datetime import datetime
from hashlib import sha256
from operator import attrgetter
from typing import Any

from domain.fields import rfc3339
from domain.identity import Id128
from domain.jsontext import json_encoder
from domain.messages import Body, Digests

Given = Callable[[Any], list[tuple[str, Any]]]
"""The fields of a value that say something else than their default, by name."""

_COMMON = frozenset(field.name for field in fields(Body))
_ACCOUNT = frozenset({"tenant", "customer", "currency"})
_NOTHING_SAID = "[null]"


def _given(holder: type[Any], wanted: Callable[[str], bool]) -> Given:
    chosen = sorted((f for f in fields(holder) if wanted(f.name)), key=lambda f: f.name)
    names = tuple(f.name for f in chosen)
    defaults = tuple(None if f.default is MISSING else f.default for f in chosen)
    read = attrgetter(*names) if len(names) > 1 else lambda value: (getattr(value, names[0]),)

    def given(value: Any) -> list[tuple[str, Any]]:
        values = read(value) if names else ()
        if values == defaults:
            return []
        rows = zip(names, values, defaults, strict=True)
        return [(name, said) for name, said, default in rows if said != default]

    return given


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    return dict(_given(type(value), lambda _: True)(value))


def _complete(value: Any) -> Any:
    return {field.name: getattr(value, field.name) for field in fields(value)}


_encode = json_encoder(ascii_only=True, sort_keys=True, default=_plain)
_encode_context = json_encoder(ascii_only=True, sort_keys=True, default=_complete)
_own: dict[type[Body], Given] = {}
_shared = _given(Body, lambda name: name not in _ACCOUNT)


def _own_fields(body: type[Body]) -> Given:
    return _given(body, lambda name: name not in _COMMON and name != body.BUSINESS_ID)


def digests(kind: str, message_id: str, body: Body) -> Digests:
    """Both digests of a message; equal instants and amounts written differently are equal."""
    own = _own.get(type(body)) or _own.setdefault(type(body), _own_fields(type(body)))
    named = getattr(body, body.BUSINESS_ID) if body.BUSINESS_ID else None
    if named == message_id:
        named = None
    said = _shared(body)
    rest = _encode([named, *said]) if said or named is not None else _NOTHING_SAID
    running = sha256(f"{kind}{_encode(own(body))}".encode())
    terms: Id128 = running.hexdigest()[:32]
    running.update(rest.encode())
    return Digests(body=running.hexdigest()[:32], terms=terms)


def context_text(body: Body) -> str | None:
    """What people said with a message, as canonical JSON for its entries; None when nothing."""
    said = _shared(body)
    return _encode_context(dict(said)) if said else None


def asked_text(body: Body) -> str | None:
    """What a message says of the credit to use, as canonical JSON; None when nothing (I8)."""
    if not body.ASKED:
        return None
    said = {name: getattr(body, name) for name in body.ASKED}
    given = {name: value for name, value in said.items() if value is not None}
    return _encode(given) if given else None
