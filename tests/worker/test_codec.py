"""The codec: good messages become bodies, everything else a reason, and nothing raises."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.messages import Body, Cause, Message
from domain.verbs import VERBS
from tests.worker import codec_bad_cases as bad
from tests.worker.codec_cases import (
    DIFFERENT,
    EQUAL,
    FULL,
    LEAST,
    NOON,
    changed,
    encoded,
    event,
)
from worker.codec import Codec, Ignored, Malformed

decode = Codec().decode


def understood(value: dict[str, Any]) -> Message:
    message = decode(encoded(value))
    assert isinstance(message, Message), message
    return message


def refused(raw: bytes) -> Malformed:
    malformed = decode(raw)
    assert isinstance(malformed, Malformed), malformed
    assert_fit_to_read(malformed.reason)
    return malformed


def assert_fit_to_read(reason: str) -> None:
    assert 0 < len(reason) < 500
    assert reason.isprintable()
    assert len(reason.splitlines()) == 1


# --- good messages ---


def test_the_tables_know_every_type() -> None:
    assert set(LEAST) == {kind for kind, _, _ in FULL} == set(VERBS)


@pytest.mark.parametrize(("kind", "data", "body"), FULL, ids=[kind for kind, _, _ in FULL])
def test_every_field_of_every_type_is_understood(
    kind: str, data: dict[str, Any], body: Body
) -> None:
    raw = encoded(event(kind, **data))
    message = decode(raw)
    assert isinstance(message, Message), message
    assert message.body == body
    assert message.cause == Cause("/billing", "m-1", kind)
    assert message.time == NOON
    assert message.raw == raw
    assert message.attributes is None


@pytest.mark.parametrize("kind", LEAST)
def test_the_least_data_is_enough(kind: str) -> None:
    message = understood(event(kind))
    assert (message.body.tenant, message.body.tags) == ("default", ())


@pytest.mark.parametrize("written", ["2026-01-31T12:00:00Z", "2026-01-31T07:00:00-05:00"])
def test_instants_are_in_plain_utc(written: str) -> None:
    assert understood({**event(), "time": written}).time.tzinfo is UTC


def test_the_last_instant_there_is_may_be_named() -> None:
    body: Any = understood(event(expires_at="9999-12-31T23:59:59.9999999Z")).body
    assert body.expires_at == datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize(("kind", "one", "other"), EQUAL)
def test_the_same_said_otherwise_is_a_repeat(
    kind: str, one: dict[str, Any], other: dict[str, Any]
) -> None:
    first, second = understood(event(kind, **one)), understood(event(kind, **other))
    assert first.digests == second.digests


@pytest.mark.parametrize(("kind", "one", "other"), DIFFERENT)
def test_something_else_is_a_conflict(
    kind: str, one: dict[str, Any], other: dict[str, Any]
) -> None:
    first, second = understood(event(kind, **one)), understood(event(kind, **other))
    assert first.digests.body != second.digests.body


@pytest.mark.parametrize("name", ["x" * 255, "é" * 127, "a b", "\N{ZERO WIDTH JOINER}", '"\\'])
def test_ids_are_any_text_of_255_bytes(name: str) -> None:
    message = understood({**event(grant=name, tenant=name), "id": name})
    assert (message.cause.id, message.key.tenant) == (name, name)


def test_metadata_may_fill_its_kilobyte_and_levels() -> None:
    deep: Any = {}
    for _ in range(30):
        deep = [deep]
    for metadata in ({"k": "é" * 508}, {"k": deep}):
        assert understood(event(metadata=metadata)).body.metadata == metadata


def test_escapes_and_white_space_make_no_difference() -> None:
    value = event(note='tab\t, quote", \N{GRINNING FACE}, é')
    spaced = json.dumps(value, indent=2, ensure_ascii=True).encode()
    message = decode(spaced)
    assert isinstance(message, Message)
    assert message.body == understood(value).body


def test_other_attributes_are_kept() -> None:
    others = {"subject": "s", "traceparent": "00-1", "sampled": True, "hop": 3}
    plain = {"datacontenttype": "application/cloudevents+json; charset=utf-8", "dataschema": None}
    assert understood({**event(), **others, **plain}).attributes == others
    assert understood({**event(), **plain}).attributes is None


def test_types_to_ignore_are_ignored_whatever_they_carry() -> None:
    ignoring = Codec(ignore_types=frozenset({"order.shipped"})).decode
    assert ignoring(b'{"type":"order.shipped","data":[]}') == Ignored("order.shipped")
    assert isinstance(ignoring(encoded(event())), Message)


# --- bad messages ---


@pytest.mark.parametrize(
    ("raw", "reason", "message_id"),
    [case[1:] for case in bad.BYTES],
    ids=[case[0] for case in bad.BYTES],
)
def test_bytes_that_are_no_json_of_ours(raw: bytes, reason: str, message_id: str | None) -> None:
    assert refused(raw) == Malformed(reason, message_id)


@pytest.mark.parametrize(("changes", "reason"), bad.ENVELOPE)
def test_envelopes_that_are_no_cloud_event(changes: dict[str, Any], reason: str) -> None:
    malformed = refused(encoded(changed(event(), changes)))
    assert malformed.reason.startswith(reason)
    assert malformed.message_id == "m-1"


@pytest.mark.parametrize(("message_id", "reason"), bad.IDS)
def test_ids_that_cannot_be_kept(message_id: Any, reason: str) -> None:
    malformed = refused(encoded(changed(event(), {"id": message_id})))
    assert malformed.reason.startswith(reason)
    assert malformed.message_id is None


@pytest.mark.parametrize(("kind", "changes", "reason"), bad.DATA)
def test_data_that_breaks_a_rule(kind: str, changes: dict[str, Any], reason: str) -> None:
    malformed = refused(encoded(event(kind, **changes)))
    assert malformed.reason.startswith(reason)
    assert malformed.message_id == "m-1"


def test_only_the_first_errors_are_told() -> None:
    reason = refused(encoded(event(amount=0, priority=-1, category="x", scope=1))).reason
    assert [part.split(":")[0] for part in reason.split("; ")] == [
        "data.amount",
        "data.category",
        "data.priority",
    ]


def test_a_value_is_only_glimpsed_at() -> None:
    secret = "\N{BELL}" * 5_000
    for changes in ({"note": secret}, {"grant": secret}, {secret: 1}, {"currency": secret}):
        assert refused(encoded(event(**changes))).reason.count(r"\x07") < 20


# --- anything at all ---

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def assert_decoded(raw: bytes) -> None:
    found = decode(raw)
    if isinstance(found, Malformed):
        assert_fit_to_read(found.reason)
    else:
        assert isinstance(found, Message)
    assert decode(raw) == found


@given(st.binary(max_size=200))
def test_any_bytes_have_an_answer(raw: bytes) -> None:
    assert_decoded(raw)


@given(st.sampled_from(FULL), st.data())
def test_any_value_in_any_place_has_an_answer(
    case: tuple[str, dict[str, Any], Body], data: st.DataObject
) -> None:
    kind, said, _ = case
    whole = event(kind, **said)
    part = data.draw(st.sampled_from([whole, whole["data"]]))
    part[data.draw(st.sampled_from(sorted(part)) | st.text())] = data.draw(_JSON)
    assert_decoded(
        json.dumps(whole, ensure_ascii=data.draw(st.booleans())).encode(errors="replace")
    )


@given(st.sampled_from(FULL), st.data())
def test_any_damage_has_an_answer(
    case: tuple[str, dict[str, Any], Body], data: st.DataObject
) -> None:
    raw = encoded(event(case[0], **case[1]))
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(start + 8, len(raw))))
    assert_decoded(raw[:start] + data.draw(st.binary(max_size=4)) + raw[end:])
