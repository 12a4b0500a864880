"""R22: messages that commute leave the same state in any order.

The state is what remains of each grant, and the status and applied credit of each invoice. The
table in domain/README.md names the law of each pair, and a test here holds it to that.
"""

import re
from pathlib import Path
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from domain.holds import HoldCredit
from domain.messages import Message
from tests.builders import grant, void
from tests.laws.examples import (
    ACCOUNTS,
    envelopes,
    grant_amounts,
    grants,
    invoices,
    messages,
    minutes,
    names,
    terms,
)
from tests.laws.stories import Story, stories
from tests.laws.verbs import few, messages_of_all_other_kinds
from tests.verbs import paid, release, reverse
from tests.world import World

TABLE = Path(__file__).parents[2] / "domain" / "README.md"
ONE = ACCOUNTS[:1]
any_kind = st.one_of(messages, messages_of_all_other_kinds)
lives_of_part = [(begin, None) for begin in minutes(0, 400)] + [
    (None, end) for end in minutes(-60, 300)
]


def fresh(number: int) -> st.SearchStrategy[dict[str, Any]]:
    """Envelopes on one account, under an id that no story uses."""
    return envelopes(ONE).map(lambda about: {**about, "id": f"fresh{number}"})


def state(world: World) -> dict[str, Any]:
    """What R22 speaks of."""
    return {
        f"{account.key} {name}": found
        for account in world.accounts.values()
        for name, found in [
            *((f"grant {g.grant}", g.remaining) for g in account.grants.values()),
            *((f"invoice {i.invoice}", (i.status, i.applied)) for i in account.invoices.values()),
        ]
    }


def assert_commute(story: Story, one: Message, other: Message, *, expired: bool = False) -> None:
    """Both orders, in one batch each."""
    states = []
    for pair in ((one, other), (other, one)):
        world = story.world()
        world.when(*pair)
        if expired:
            world.later(hours=8)
            world.expire()
        states.append(state(world))
    assert states[0] == states[1]


@given(stories(), names, st.data())
def test_a_void_and_its_create(story: Story, name: str, data: st.DataObject) -> None:
    """R8, R10: void is final. What expired in between has gone either way once expiry has run."""
    create = data.draw(invoices(fresh(1), named=[name]))
    assert_commute(story, create, void(name, **data.draw(fresh(2))), expired=True)


@given(stories(), names, names, st.data())
def test_two_voids(story: Story, first: str, second: str, data: st.DataObject) -> None:
    """R13: each gives back what is its own."""
    one, other = void(first, **data.draw(fresh(1))), void(second, **data.draw(fresh(2)))
    assert_commute(story, one, other)


@given(stories(), names, st.data())
def test_a_void_and_a_reversal_of_one_invoice(story: Story, name: str, data: st.DataObject) -> None:
    """R10, R14: all credit is back either way, whatever part came back first."""
    part = data.draw(st.one_of(st.none(), st.integers(1, 12)))
    one = reverse(part, name, **data.draw(fresh(1)))
    assert_commute(story, one, void(name, **data.draw(fresh(2))), expired=True)


@given(stories(), names, st.data())
def test_a_void_and_a_payment_of_one_invoice(story: Story, name: str, data: st.DataObject) -> None:
    """R10: void is final, and wins over paid."""
    one, other = paid(name, **data.draw(fresh(1))), void(name, **data.draw(fresh(2)))
    assert_commute(story, one, other)


@given(stories(), names, names, st.booleans(), st.data())
def test_a_reversal_and_another_invoices_reversal_or_void(
    story: Story, first: str, second: str, is_void: bool, data: st.DataObject
) -> None:
    """R13: each gives back what is its own, in part or whole."""
    assume(first != second)
    parts = st.one_of(st.none(), st.integers(1, 12))
    one = reverse(data.draw(parts), first, **data.draw(fresh(1)))
    about = data.draw(fresh(2))
    other = void(second, **about) if is_void else reverse(data.draw(parts), second, **about)
    assert_commute(story, one, other)


@given(stories(), names, st.data())
def test_a_release_and_a_void_of_an_invoice(story: Story, name: str, data: st.DataObject) -> None:
    """R13, R17: what is let go and what is given back do not meet."""
    one = release(data.draw(few), **data.draw(fresh(1)))
    assert_commute(story, one, void(name, **data.draw(fresh(2))), expired=True)


@given(stories(), st.data())
def test_two_grants(story: Story, data: st.DataObject) -> None:
    """Different grants of one account, where grants do not pay open invoices when they come."""
    assume_no_sweep(story)
    one = data.draw(grants(fresh(1), named=["new1"], external_ids=[None]))
    other = data.draw(grants(fresh(2), named=["new2"], external_ids=[None]))
    assert_commute(story, one, other)


@given(stories(), st.sampled_from(lives_of_part), terms, st.data())
def test_an_invoice_and_a_grant_that_it_cannot_use(
    story: Story, life: tuple[Any, Any], said: tuple[Any, Any, Any], data: st.DataObject
) -> None:
    """R2: one that is not effective yet at the invoice's t, or over by then.

    No hold has an end: the grant might come behind it and so free what the invoice could use.
    """
    assume_no_sweep(story)
    holds = [m.body for m in story.messages if isinstance(m.body, HoldCredit)]
    assume(not any(hold.expires_at for hold in holds))
    (effective, expires), (priority, category, scope) = life, said
    new = grant(
        data.draw(grant_amounts),
        "new",
        effective=effective,
        expires=expires,
        priority=priority,
        category=category,
        scope=scope,
        **data.draw(fresh(1)),
    )
    create = data.draw(invoices(fresh(2)))
    world = story.world()
    _, told = world.when(new, create).receipts
    lot = world.account().grants.get("new")
    assume(lot is None or not lot.usable(told.at.t))
    assert_commute(story, create, new)


def assume_no_sweep(story: Story) -> None:
    """Nowhere do grants pay open invoices when they come (R11)."""
    assume(not any(getattr(m.body, "apply_to_open_invoices", None) for m in story.messages))


@given(stories(), any_kind, any_kind)
def test_messages_of_different_accounts(story: Story, one: Message, other: Message) -> None:
    """Order matters within an account only, but for transfers and what a tenant sets."""
    assume(one.account_id != other.account_id)
    assume(not {one.cause.type, other.cause.type} & {"credit.transfer", "tenant.configure"})
    assert_commute(story, one, other)


@given(stories(), any_kind, st.data())
def test_a_repeat_anywhere(story: Story, new: Message, data: st.DataObject) -> None:
    """R20: a repeat commutes with everything that comes after the original."""
    assume(story.messages)
    assert_commute(story, data.draw(st.sampled_from(story.messages)), new)


def test_the_table_names_every_law() -> None:
    """What is said to commute is tried, and what is tried is said; this one test is no pair."""
    rows = re.findall(r"^\|.*\| `(.*)` \|$", TABLE.read_text(), re.M)
    named = [name for row in rows for name in row.split("`, `")]
    laws = [name.removeprefix("test_") for name in globals() if name.startswith("test_")]
    assert sorted(named) == sorted(set(laws) - {"the_table_names_every_law"})
