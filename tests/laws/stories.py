"""Generated stories: messages cut into moments, with the clock and expiry runs between them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from domain.identity import AccountKey
from domain.messages import Message
from domain.order import PROFILES
from domain.settings import TenantSettings
from tests.laws.lists import message_lists
from tests.world import World

PAUSES = (0, 0, 0, 10, 20, 40, 60, 90, -30)
"""Minutes; a clock may also be set back."""


@dataclass(frozen=True)
class Moment:
    """Messages that are decided at one now, and whether the expiry run comes before them."""

    minutes: int
    messages: tuple[Message, ...]
    expire: bool


@dataclass(frozen=True)
class Story:
    """What comes to pass, and under which settings of the first tenant."""

    settings: TenantSettings
    moments: tuple[Moment, ...]

    @property
    def messages(self) -> list[Message]:
        """All messages in their order."""
        return [message for moment in self.moments for message in moment.messages]

    def world(self, cuts: Sequence[int] = ()) -> World:
        """Let it come to pass, with further batches beginning at the cuts."""
        world, told = World(self.settings), 0
        for moment in self.moments:
            world.later(minutes=moment.minutes)
            if moment.expire:
                world.expire()
            world.when(*moment.messages, cuts=[c - told for c in cuts if c > told])
            told += len(moment.messages)
        return world


tenant_settings = st.builds(
    TenantSettings,
    auto_apply=st.sampled_from([True] * 7 + [False]),
    order=st.sampled_from(sorted(PROFILES)),
    late_window=st.sampled_from([timedelta(hours=1), timedelta(minutes=20), timedelta(0)]),
)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Messages, cut into moments."""
    told = draw(message_lists())
    count = draw(st.integers(1, 4))
    bounds = sorted(draw(st.integers(0, len(told))) for _ in range(count - 1))
    moments = tuple(
        Moment(draw(st.sampled_from(PAUSES)), tuple(told[first:last]), draw(st.booleans()))
        for first, last in zip([0, *bounds], [*bounds, len(told)], strict=True)
    )
    return Story(draw(tenant_settings), moments)


def rows(world: World) -> dict[str, Any]:
    """All that a world holds, as values that can be compared."""
    found = {str(a.key): account_rows(world, a.key) for a in world.accounts.values()}
    conflicts = [message.cause for message in world.conflicts]
    return {**found, "published": world.published, "conflicts": conflicts}


def account_rows(world: World, key: AccountKey) -> dict[str, Any]:
    """All that a world holds of one account."""
    books, decided_at = world.books(key), world.account(key).decided_at
    return {
        "account": (books.balance, books.seq, books.event_seq, books.head, decided_at),
        "entries": books.entries,
        "grants": [_row(grant) for grant in books.grants],
        "invoices": [_row(invoice) for invoice in books.invoices],
        "receipts": [_row(receipt) for receipt in books.receipts],
        "published": [text for text in world.published if _is_of(text, key)],
    }


def _is_of(event: str, key: AccountKey) -> bool:
    data = json.loads(event)["data"]
    return key == (data["tenant"], data["customer"], data["currency"])


def _row(value: Any) -> tuple[Any, ...]:
    return tuple(getattr(value, field.name) for field in fields(value))
