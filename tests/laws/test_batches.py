"""Where a batch ends, how often a message comes and what other accounts do changes nothing."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.messages import Message
from tests.laws.stories import Moment, Story, account_rows, rows, stories
from tests.world import World

places = st.lists(st.integers(0, 24), max_size=6)


@given(stories(), places)
def test_any_split_gives_the_same_rows(story: Story, cuts: list[int]) -> None:
    """R23: ledger with hashes, receipts and events, given the same instants."""
    assert rows(story.world(cuts)) == rows(story.world())


@given(stories())
def test_batches_of_one_give_the_same_rows(story: Story) -> None:
    """R23: the finest split there is."""
    assert rows(story.world(range(len(story.messages)))) == rows(story.world())


@given(stories(), places, st.integers(0, 300))
def test_everything_again_changes_nothing_but_counters(
    story: Story, cuts: list[int], minutes: int
) -> None:
    """I2, R20: whenever and in whatever batches it comes again."""
    world = story.world()
    before, counted = _without_counters(rows(world)), _count(world)
    world.later(minutes=minutes)
    seen = world.when(*story.messages, cuts=cuts)
    assert (seen.entries, seen.events) == ([], [])
    assert _without_counters(rows(world)) == before
    assert _count(world) == counted + len(story.messages)


@given(stories())
def test_accounts_do_not_affect_each_other(story: Story) -> None:
    """I15: an account alone has the same rows as among others, but for what crosses on purpose."""
    moments = tuple(_that(m, lambda message: not _crosses(message)) for m in story.moments)
    story = replace(story, moments=moments)
    world = story.world()
    for account in world.accounts.values():
        own = tuple(_that(m, partial(_is_of, account.id)) for m in story.moments)
        alone = replace(story, moments=own).world()
        assert account_rows(alone, account.key) == account_rows(world, account.key)


def _crosses(message: Message) -> bool:
    return message.cause.type in ("credit.transfer", "tenant.configure")


def _is_of(account: str, message: Message) -> bool:
    return message.account_id == account


def _that(moment: Moment, wanted: Callable[[Message], bool]) -> Moment:
    return replace(moment, messages=tuple(filter(wanted, moment.messages)))


def _count(world: World) -> int:
    return sum(receipt.repeats + receipt.conflicts for receipt in world.receipts.values())


def _without_counters(found: dict[str, Any]) -> dict[str, Any]:
    accounts = {
        name: {**told, "receipts": [row[:-2] for row in told["receipts"]]}
        for name, told in found.items()
        if isinstance(told, dict)
    }
    return {**accounts, "published": found["published"]}
