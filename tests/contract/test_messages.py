"""The schemas of messages agree with the codec: on all that is good, and on the bad they can see.

What a schema cannot say is listed here by kind, so that a publisher knows what validating first
does not find; all else that the codec refuses, the schema refuses too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from domain.messages import Body
from domain.verbs import VERBS
from tests.worker import codec_bad_cases as bad
from tests.worker.codec_cases import DIFFERENT, EQUAL, FULL, LEAST, changed, encoded, event
from worker.codec import Codec, Malformed
from worker.contract.schemas import documents

TWINS = [{"id": "1", "amount": 625}, {"id": "1", "amount": 625}]
BEFORE, AFTER = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
DEEP: dict[str, Any] = {}
for _ in range(40):
    DEEP = {"k": DEEP}
MORE: list[tuple[str, Any]] = [
    ("credit.grant", event(metadata=DEEP)),
    ("credit.grant", event(note="a\0b")),
    ("credit.grant", event(line_items=TWINS)),
    ("credit.grant", event(effective_at=AFTER, expires_at=BEFORE)),
    (
        "credit.grant",
        event(currency="tokens", amount="1.0", line_items=[{**TWINS[0], "amount": "1.00"}]),
    ),
]
"""Bad messages that are good but for what a schema cannot see."""

VALIDATORS = {kind: Draft202012Validator(schema) for kind, schema in documents().items()}

SILENT = {
    "byte order mark": "a schema begins where the parser ends, and some parsers skip the mark",
    "bytes without control characters, not 'é": "maxLength counts characters, not bytes",
    "bytes of JSON without white space": "a schema does not measure objects",
    "levels deep": "nor count how deep they are",
    "NUL or lone surrogates": "free text may hold anything that a pattern could name",
    "not a float": "to JSON Schema 1250.0 is an integer; 12.5 is none, and is refused",
    "not '2026-02-29T00:00:00Z'": "it knows no calendar",
    "not '0001-01-01T00:00:00+01:00'": "nor what is before the first instant in UTC",
    "not '9999-12-31T23:59:59-01:00'": "or after the last",
    "they sum to": "it does not add up",
    "show the same number of decimals": "nor does it hold one amount against another",
    "must be later than": "nor compare two fields",
    "have the same id": "it compares whole items only",
    "needs amount_due or status": "nor does it ask for one of two fields: each may be null",
    "name an invoice or an entry": "for the same reason",
    "is the customer that the credit": "it cannot hold one name against another",
    "is a currency of ISO 4217": "nor a unit's name against a list",
}
"""Kinds of mistakes that a schema lets through: a piece of the codec's reason, and why.

What is not JSON at all, is too large or names a key twice never gets as far as a schema.
"""


def is_valid(value: Any, kind: str = "credit.grant") -> bool:
    return VALIDATORS[kind].is_valid(value)


def bad_values() -> Iterator[tuple[str, Any, str]]:
    """Every bad case that is JSON: type, value, the codec's reason."""
    for _, raw, _, _ in bad.BYTES:
        try:
            yield "credit.grant", json.loads(raw), reason_of(raw)
        except (ValueError, RecursionError):
            continue
    for changes, _ in bad.ENVELOPE:
        value = changed(event(), changes)
        yield "credit.grant", value, reason_of(encoded(value))
    for name, _ in bad.IDS:
        value = changed(event(), {"id": name})
        yield "credit.grant", value, reason_of(encoded(value))
    for kind, changes, _ in bad.DATA:
        value = event(kind, **changes)
        yield kind, value, reason_of(encoded(value))


def reason_of(raw: bytes) -> str:
    found = Codec().decode(raw)
    assert isinstance(found, Malformed)
    return found.reason


def test_every_schema_is_one() -> None:
    for schema in documents().values():
        Draft202012Validator.check_schema(schema)


def test_every_accepted_type_has_a_schema() -> None:
    assert set(VERBS) < set(VALIDATORS)


@pytest.mark.parametrize(("kind", "data", "body"), FULL, ids=[kind for kind, _, _ in FULL])
def test_every_field_of_every_type_is_valid(kind: str, data: dict[str, Any], body: Body) -> None:
    value = event(kind, **data)
    assert list(VALIDATORS[kind].iter_errors(value)) == []
    assert is_valid(event(kind), kind)


@pytest.mark.parametrize(("kind", "one", "other"), [*EQUAL, *DIFFERENT])
def test_all_ways_to_say_it_are_valid(
    kind: str, one: dict[str, Any], other: dict[str, Any]
) -> None:
    for changes in (one, other):
        assert list(VALIDATORS[kind].iter_errors(event(kind, **changes))) == []


@pytest.mark.parametrize("kind", LEAST)
def test_a_message_fits_its_own_type_only(kind: str) -> None:
    assert [other for other in VALIDATORS if is_valid(event(kind), other)] == [kind]


def test_other_attributes_are_valid() -> None:
    others = {"subject": "s", "traceparent": "00-1", "sampled": True, "hop": 3}
    plain = {"datacontenttype": "application/cloudevents+json; charset=utf-8", "dataschema": None}
    assert is_valid({**event(), **others, **plain})
    assert is_valid({**event(), "datacontenttype": None, "data_base64": None})


@pytest.mark.parametrize(("kind", "value", "reason"), list(bad_values()))
def test_what_the_codec_refuses_is_invalid_unless_a_schema_cannot_see_it(
    kind: str, value: Any, reason: str
) -> None:
    if is_valid(value, kind):
        assert any(piece in reason for piece in SILENT), f"only the codec says: {reason}"


@pytest.mark.parametrize("piece", SILENT)
def test_a_schema_is_silent_where_it_is_said_to_be(piece: str) -> None:
    """A kind that is listed and refused all the same would be a promise kept by chance."""
    seen = [*bad_values(), *((kind, value, reason_of(encoded(value))) for kind, value in MORE)]
    assert any(piece in reason and is_valid(value, kind) for kind, value, reason in seen)


@pytest.mark.parametrize("changes", [{"amount": 12.5}, {"priority": 1.5}])
def test_a_fraction_is_invalid(changes: dict[str, Any]) -> None:
    assert not is_valid(event(**changes))


@pytest.mark.parametrize(
    ("currency", "good", "bad_amounts"),
    [
        ("USD", ["0.01", "10000000000000.00"], ["0.00", "10000000000000.01", "1.0", "01.00"]),
        ("JPY", ["1", "1000000000000000"], ["0", "1000000000000001", "1.00"]),
        ("KWD", ["0.001", "1000000000000.000"], ["0.000", "1000000000000.001", "1.00"]),
        ("tokens", ["1", "0.1", "1.0000", "100000000000.0000"], ["0.0", "1.", "1.00000", "01"]),
        ("CLF", ["0.0001", "100000000000.0000"], ["0.0000", "100000000000.0001", "1.00"]),
    ],
)
def test_decimals_follow_the_currency(
    currency: str, good: list[str], bad_amounts: list[str]
) -> None:
    for text in (*good, *bad_amounts):
        value = event(currency=currency, amount=text)
        understood = not isinstance(Codec().decode(encoded(value)), Malformed)
        assert is_valid(value) == understood == (text in good), text
