"""What is published is what the contract says: no more, no less, and for any CloudEvents reader."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from jsonschema import Draft202012Validator

from domain import events as writer
from domain.fields import rfc3339
from tests.builders import NOON
from tests.cli.messages import line
from tests.contract.story import Story
from tests.contract.test_examples import told
from tests.laws import stories
from tests.reference.mixes import START, mix
from worker.contract.events import EVENTS
from worker.contract.schemas import documents

MESSAGES = 500


def strict(schema: Any) -> Any:
    """The schema with every object closed: then nothing goes undocumented."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: strict(each) for name, each in schema.items()}
    return closed | ({"additionalProperties": False} if schema.get("type") == "object" else {})


STRICT = {kind: Draft202012Validator(strict(documents()[kind])) for kind in EVENTS}


@cache
def published() -> tuple[str, ...]:
    """Runs with repeats, conflicts, refusals, expiries and messages that are none, of all kinds."""
    return (*of_no_kind(), *of_all_kinds(), *told().published)


def of_no_kind() -> list[str]:
    """What is told of bytes that are no message."""
    story = Story(NOON)
    for number in range(10):
        story.decide(b"{%d" % number)
    return story.published


def of_all_kinds() -> list[str]:
    """A run that also tells of balances below their levels, and of grants that are to end."""
    story = Story(START)
    for tenant in ("default", "acme", "globex"):
        story.decide(line("tenant.configure", "level", tenant=tenant, low_balance=300), START)
    for message, now in mix(1, MESSAGES):
        if message is None:
            story.announce(now, timedelta(hours=1))
        else:
            story.decide(json.dumps(message).encode(), now)
    return story.published


def assert_documented(events: list[Any]) -> None:
    for event in events:
        assert list(STRICT[event["type"]].iter_errors(event)) == []


def test_a_run_has_events_of_every_type() -> None:
    counts = Counter(json.loads(text)["type"] for text in published())
    assert set(counts) == set(EVENTS)
    assert min(counts.values()) > 5


def test_all_that_a_run_publishes_is_documented() -> None:
    assert_documented([json.loads(text) for text in published()])


@given(stories.stories())
def test_all_that_any_story_publishes_is_documented(story: stories.Story) -> None:
    assert_documented([json.loads(text) for text in story.world().published])


@pytest.mark.parametrize("kind", EVENTS)
def test_an_event_that_says_more_is_undocumented(kind: str) -> None:
    event = next(event for event in map(json.loads, published()) if event["type"] == kind)
    assert not STRICT[kind].is_valid({**event, "data": {**event["data"], "more": 1}})
    del event["data"][next(iter(event["data"]))]
    assert not STRICT[kind].is_valid(event)


def test_every_type_that_the_writer_names_is_described() -> None:
    source = Path(writer.__file__).read_text()
    assert set(re.findall(r'"([a-z]+\.[a-z_]+)"', source)) == set(EVENTS)


@pytest.mark.parametrize("kind", EVENTS)
def test_a_reader_that_is_not_ours_understands_every_event(kind: str) -> None:
    """The CloudEvents SDK reads each, and finds what was written."""
    texts = [text for text in published() if json.loads(text)["type"] == kind]
    for text in texts:
        wanted = json.loads(text)
        event = JSONFormat().read(CloudEvent, text)
        time = event.get_time()
        assert time is not None
        assert (event.get_id(), event.get_source()) == (wanted["id"], "scrip")
        assert (event.get_type(), event.get_specversion()) == (kind, "1.0")
        assert (rfc3339(time), event.get_datacontenttype()) == (wanted["time"], "application/json")
        assert event.get_data() == wanted["data"]
        assert json.loads(JSONFormat().write(event)) == wanted
