"""The examples are true: sent in order, they lead to the events that stand beside them."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import pytest

from domain.messages import Message
from domain.verbs import VERBS
from tests.contract.story import Story
from tests.contract.test_messages import VALIDATORS
from worker.codec import Codec
from worker.contract.events import EVENTS
from worker.contract.examples import Example, examples
from worker.contract.text import pretty

NOTICE = timedelta(days=7)

NAMES = [example.name for example in examples()]


def masked(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "id": "...", "time": "..."}


def told() -> Story:
    """All of the story."""
    first = datetime.fromisoformat(examples()[0].event["time"])
    story = Story(first)
    for _, parts in groupby(examples(), key=lambda example: example.step):
        step = list(parts)
        events = step_of(story, step)
        wanted = [example.event for example in step if example.is_event]
        assert [masked(e) for e in events] == [masked(e) for e in wanted], pretty(events)
    return story


def step_of(story: Story, step: list[Example]) -> list[Any]:
    now = datetime.fromisoformat(step[0].event["time"])
    if step[0].kind == "grant.expiring":
        return story.announce(now, NOTICE)
    return story.let_expire() if step[0].is_event else story.decide(step[0].raw, now)


def test_the_story_comes_out_as_told() -> None:
    assert told().published


def test_every_type_has_an_example() -> None:
    assert {example.kind for example in examples() if not example.is_event} == set(VERBS)
    assert {example.kind for example in examples() if example.is_event} == set(EVENTS)


@pytest.mark.parametrize("example", examples(), ids=NAMES)
def test_an_example_is_valid_and_of_the_type_in_its_name(example: Example) -> None:
    assert example.event["type"] == example.kind
    assert list(VALIDATORS[example.kind].iter_errors(example.event)) == []
    if not example.is_event:
        assert isinstance(Codec().decode(example.raw), Message)


@pytest.mark.parametrize("example", examples(), ids=NAMES)
def test_an_example_is_written_as_people_read_it(example: Example) -> None:
    assert example.raw.decode() == pretty(example.event)
