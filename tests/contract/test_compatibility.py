"""Changes that would break somebody are refused, each with a sentence; others are let through."""

from __future__ import annotations

from copy import deepcopy

import pytest

from tests.contract.changes import (
    BREAKS,
    CHANGED,
    GRANT,
    INVOICE,
    Change,
    Schema,
    data,
    drop,
    field,
    part,
    put,
)
from worker.contract.compatibility import broken
from worker.contract.schemas import documents

AMOUNT, NULL = {"$ref": "#/$defs/Amount"}, {"type": "null"}


def nothing_but_text(schema: Schema) -> None:
    part("Entry")(schema)["properties"]["invoice"] = {"$ref": "#/$defs/Identifier"}


FINE: list[tuple[str, str, Change]] = [
    (
        "an optional field",
        GRANT,
        lambda schema: data(schema)["properties"].update(market={"type": ["string", "null"]}),
    ),
    (
        "a required field becomes optional",
        INVOICE,
        lambda schema: data(schema)["required"].remove("amount_due"),
    ),
    ("a wider bound", GRANT, put(part("Priority"), maximum=1000)),
    ("a bound less", GRANT, drop(part("Text"), "maxLength")),
    (
        "null is taken",
        GRANT,
        lambda schema: data(schema)["properties"].update(amount={"anyOf": [AMOUNT, NULL]}),
    ),
    ("one more value", GRANT, lambda schema: field("category")(schema)["enum"].insert(0, "refund")),
    (
        "one more currency",
        GRANT,
        lambda schema: part("CurrencyWith2Decimals")(schema)["enum"].insert(0, "XYZ"),
    ),
    ("other words", GRANT, lambda schema: schema.update(description="Brings credit in.")),
    (
        "one more told field",
        CHANGED,
        lambda schema: (
            data(schema)["properties"].update(held={"type": "integer"}),
            data(schema)["required"].append("held"),
        ),
    ),
    ("a narrower told bound", CHANGED, put(field("available"), maximum=10**15)),
    (
        "one more kind at the end",
        CHANGED,
        lambda schema: part("Entry")(schema)["properties"]["kind"]["enum"].append("gift"),
    ),
    ("a null less", CHANGED, nothing_but_text),
]
"""What changes, the type, and how."""


def told(kind: str, change: Change) -> list[str]:
    current = deepcopy(documents())
    change(current[kind])
    return broken(documents(), current)


@pytest.mark.parametrize(
    ("kind", "change", "sentence"), [row[1:] for row in BREAKS], ids=[row[0] for row in BREAKS]
)
def test_what_breaks_somebody_is_refused(kind: str, change: Change, sentence: str) -> None:
    sentences = told(kind, change)
    assert any(found.startswith(f"{kind} {sentence}") for found in sentences), sentences


@pytest.mark.parametrize(
    ("kind", "change"), [row[1:] for row in FINE], ids=[row[0] for row in FINE]
)
def test_what_breaks_nobody_is_fine(kind: str, change: Change) -> None:
    assert told(kind, change) == []


@pytest.mark.parametrize("kind", [GRANT, CHANGED])
def test_a_type_that_goes_is_refused(kind: str) -> None:
    current = {name: schema for name, schema in documents().items() if name != kind}
    assert broken(documents(), current) == [f"{kind}: the type is gone"]


def test_a_type_that_comes_is_fine() -> None:
    fewer = {name: schema for name, schema in documents().items() if name != GRANT}
    assert broken(fewer, documents()) == []
