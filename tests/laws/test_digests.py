"""R7, R20: two messages have the same digest when they say the same, and only then."""

from dataclasses import fields, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.digests import digests
from domain.messages import Body, CreatedBy, Digests, Message, Tag
from tests.builders import ACME
from tests.laws.examples import messages

offsets = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
texts = st.none() | st.sampled_from(["", "a", "b"])
people = st.none() | st.builds(
    CreatedBy, id=st.sampled_from("ab"), type=st.sampled_from(["user", "system"])
)
tags = st.lists(st.builds(Tag, key=st.sampled_from("ab"), value=st.just("v")), max_size=2)
common = st.fixed_dictionaries(
    {
        "note": texts,
        "reason": texts,
        "created_by": people,
        "tags": tags.map(tuple),
        "metadata": st.none() | st.dictionaries(st.sampled_from("ab"), st.integers(0, 1)),
    }
)


def told(message: Message, **said: Any) -> Digests:
    return digests(message.cause.type, message.cause.id, replace(message.body, **said))


@given(messages, common, offsets)
def test_the_same_instants_in_another_offset_say_the_same(
    message: Message, said: dict[str, Any], offset: timezone
) -> None:
    """R20: `+02:00` = `Z` where equal."""
    moved = {
        field.name: value.astimezone(offset)
        for field in fields(message.body)
        if isinstance(value := getattr(message.body, field.name), datetime)
    }
    assert told(message, **said, **moved) == told(message, **said)


@given(messages, common, common)
def test_what_people_add_is_in_the_body_and_not_in_the_terms(
    message: Message, one: dict[str, Any], other: dict[str, Any]
) -> None:
    """R20 counts the common fields, R7 does not."""
    first, second = told(message, **one), told(message, **other)
    assert (first.body == second.body) == (one == other)
    assert first.terms == second.terms


@given(messages, messages)
def test_different_bodies_have_different_digests(one: Message, other: Message) -> None:
    """R20: type and data; the account is in the key."""
    same = _said(one) == _said(other)
    assert (one.digests.body == other.digests.body) == same
    assert not same or one.digests.terms == other.digests.terms


def _said(message: Message) -> tuple[str, Body]:
    changed: dict[str, Any] = ACME._asdict()
    named = message.body.BUSINESS_ID
    if named and getattr(message.body, named) == message.cause.id:
        changed[named] = None
    return message.cause.type, replace(message.body, **changed)
