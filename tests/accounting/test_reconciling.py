"""opening + what came - what went = closing, for any two instants of any story."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.look_ups import By
from domain.books import Books
from tests.accounting.books import summary
from tests.builders import NOON, grant, invoice
from tests.laws.stories import Story, stories
from tests.verbs import configure_tenant, reverse_writeoff, shortfall
from tests.world import World
from worker.accounting.reconciling import Line, Summary

edges = st.integers(-60, 600).map(lambda minutes: NOON + timedelta(minutes=minutes))


@st.composite
def periods(draw: st.DrawFn) -> tuple[datetime | None, datetime | None]:
    """Two instants, the earlier one first; now and then open at one end, or at both."""
    first, end = sorted((draw(edges), draw(edges)))
    return draw(st.sampled_from([(first, end)] * 3 + [(None, end), (first, None), (None, None)]))


def of_tenant(world: World, tenant: str = "default") -> list[Books]:
    keys = (account.key for account in world.accounts.values())
    return [world.books(key) for key in keys if key.tenant == tenant]


def test_the_lines_are_what_finance_people_read() -> None:
    world = World().given(
        configure_tenant({"plan": "basic", "tolerances": {"basic": {"USD": 5}}}),
        grant(100, "bought"),
        grant(20, "gift", category="promotional"),
        invoice(50, "i"),
        invoice(5, "short", auto_apply=False),
        shortfall(5, "short", "w"),
    )
    (one,) = summary(of_tenant(world), None, None)
    assert one.is_clean
    assert list(one.parts) == ["paid", "promotional"]
    assert lines(one) == {
        Line.ISSUED: 120, Line.APPLIED: -50, Line.WRITEOFF_GRANTED: 5, Line.WRITEOFF_APPLIED: -5
    }  # fmt: skip
    world.given(reverse_writeoff("w"))
    (one,) = summary(of_tenant(world), None, None)
    assert lines(one) == {Line.ISSUED: 120, Line.APPLIED: -50}
    assert (one.parts["paid"].closing, one.parts["promotional"].closing) == (70, 0)


def lines(one: Summary) -> dict[Line, int]:
    return {line: amount for line, amount in one.total.lines.items() if amount}


@given(stories(), periods(), st.sampled_from(By))
def test_any_two_instants_come_to_zero(
    story: Story, period: tuple[datetime | None, datetime | None], by: By
) -> None:
    """By three sources that were written independently of each other."""
    for one in summary(of_tenant(story.world()), *period, by):
        assert one.differences == dict.fromkeys(one.differences, 0)
        total = one.total
        assert total.closing == total.opening + sum(total.lines.values())
        offs = total.lines[Line.WRITEOFF_GRANTED] + total.lines[Line.WRITEOFF_APPLIED]
        assert offs == 0


@given(stories(), edges)
def test_what_closes_one_period_opens_the_next(story: Story, edge: datetime) -> None:
    accounts = of_tenant(story.world())
    for before, after in zip(
        summary(accounts, None, edge), summary(accounts, edge, None), strict=True
    ):
        for name, part in before.parts.items():
            assert part.closing == after.parts[name].opening


@pytest.mark.parametrize("wrong", ["allocation", "remaining", "balance"])
def test_a_wrong_row_does_not_come_to_zero(wrong: str) -> None:
    """In whichever of the three it is."""
    world = World().given(grant(100, "g"), grant(20, "h"), invoice(50, "i"))
    (books,) = of_tenant(world)
    entries, grants, balance = list(books.entries), list(books.grants), books.balance
    if wrong == "allocation":
        last = entries[-1]
        lot = last.allocations[0]
        entries[-1] = last._replace(allocations=(lot._replace(amount=lot.amount - 1),))
    elif wrong == "remaining":
        grants[0] = replace(grants[0], remaining=grants[0].remaining + 1)
    else:
        balance += 1
    (one,) = summary([replace(books, entries=entries, grants=grants, balance=balance)], None, None)
    assert not one.is_clean
