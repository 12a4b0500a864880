"""Every field with every awkward value: codec and schema say the same, or it is known why not."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import fields
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.messages import Body
from domain.verbs import VERBS
from tests.contract.generated import messages, values
from tests.contract.test_messages import SILENT, is_valid
from tests.worker.codec_cases import FULL, encoded, event
from worker.codec import Codec, Malformed
from worker.contract.schemas import documents

AWKWARD: list[Any] = [
    *(None, True, False, 0, 1, -1, 50, 101, 10**15, 10**15 + 1, 12.5),
    *("", "a", "a b", "é" * 127, "é" * 128, "x" * 255, "x" * 256, "x" * 2_001, "a\nb", "a\x85b"),
    *("0", "1", "1250", "12.50", "-12.50", "0.00", "012.50", "12.5", "12.505", "1e3", "+1.00"),
    *("-0.00", "-0", "-0.000", "-0.0000", "-0.0"),
    *("10000000000000.00", "10000000000000.01", "10000000000000", "99999999999999.99"),
    *("paid", "promotional", "open", "draft", "void", "user", "USD", "JPY", "KWD", "usd", "XXX"),
    *("2026-01-31T12:00:00Z", "2026-01-31t12:00:00.123456789-05:30", "2026-01-31", "noon"),
    *("2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-06-30T23:59:60Z", "0000-01-01T00:00Z"),
    *([], {}, ["a"], [1], [None], {"id": "a"}, [{}], [{"id": "a"}], {"k": [1.5, None]}),
    *([{"id": "a", "amount": 1250}], [{"key": "k", "value": ""}], [{"key": "k", "value": None}]),
    *({"id": "a", "type": "robot"}, {"id": "a", "type": None}, {"id": "a", "more": 1}),
    *("1.0", "credit.grant", "application/json", "text/xml", "application/x+json; charset=utf-8"),
]

SCHEMAS = documents()
COMMON = {*event(), *(field.name for field in fields(Body))} - {"data"}
"""What all types share, which is tried with one of them."""


def places(value: Any, leave_out: Container[str]) -> Iterator[tuple[Any, Any]]:
    """Every object and array within, with each of its keys; what is left out is not entered."""
    keys = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys:
        if key not in leave_out:
            yield value, key
            if isinstance(value[key], dict | list):
                yield from places(value[key], leave_out)


def disagreement(kind: str, value: Any) -> str | None:
    """What one says against the other, unless a schema cannot see it."""
    found, valid = Codec().decode(encoded(value)), is_valid(value, kind)
    if not isinstance(found, Malformed):
        return None if valid else "the codec takes it"
    silent = any(piece in found.reason for piece in SILENT)
    return f"the codec says: {found.reason}" if valid and not silent else None


@pytest.mark.parametrize(("kind", "data"), [row[:2] for row in FULL], ids=[row[0] for row in FULL])
def test_codec_and_schema_agree_on_every_field(kind: str, data: dict[str, Any]) -> None:
    whole = {**event(kind, **data), "datacontenttype": "application/json", "trace": "t"}
    leave_out = {"type"} if kind == "credit.grant" else COMMON | {"datacontenttype", "trace"}
    told = []
    for part, key in places(whole, leave_out):
        kept = part[key]
        for awkward in AWKWARD:
            part[key] = awkward
            found = disagreement(kind, whole)
            if found:
                told.append(f"{key} = {str(awkward)[:40]!r}: {found}")
        part[key] = kept
    assert told == []


@cache
def made(kind: str) -> st.SearchStrategy[Any]:
    """Made once a type, because making it takes longer than drawing from it."""
    return values(SCHEMAS[kind], SCHEMAS[kind])


@pytest.mark.parametrize("kind", VERBS)
@given(st.data())
def test_codec_and_schema_agree_on_anything(kind: str, data: st.DataObject) -> None:
    """On what the schema itself brings forth, and on that with a few things changed."""
    whole = data.draw(messages(made(kind), AWKWARD))
    if whole.get("type") == kind:
        assert disagreement(kind, whole) is None
