"""R22: messages that commute leave the same state in any order.

The state is what remains of each grant, and the status and applied credit of each invoice.
"""

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from domain.messages import Message
from tests.builders import void
from tests.laws.examples import ACCOUNTS, envelopes, grants, invoices, messages, names
from tests.laws.stories import Story, stories
from tests.laws.verbs import few, messages_of_all_other_kinds
from tests.verbs import paid, release, reverse
from tests.world import World

ONE = ACCOUNTS[:1]
any_kind = st.one_of(messages, messages_of_all_other_kinds)


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


@given(stories(), names, names, st.data())
def test_two_reversals_of_different_invoices(
    story: Story, first: str, second: str, data: st.DataObject
) -> None:
    """R13: each gives back what is its own."""
    assume(first != second)
    one = reverse(None, first, **data.draw(fresh(1)))
    assert_commute(story, one, reverse(None, second, **data.draw(fresh(2))))


@given(stories(), names, st.data())
def test_a_release_and_a_void_of_an_invoice(story: Story, name: str, data: st.DataObject) -> None:
    """R13, R17: what is let go and what is given back do not meet."""
    one = release(data.draw(few), **data.draw(fresh(1)))
    assert_commute(story, one, void(name, **data.draw(fresh(2))), expired=True)


@given(stories(), st.data())
def test_two_grants(story: Story, data: st.DataObject) -> None:
    """Different grants of one account, where grants do not pay open invoices when they come."""
    assume(not any(getattr(m.body, "apply_to_open_invoices", None) for m in story.messages))
    one = data.draw(grants(fresh(1), named=["new1"], external_ids=[None]))
    other = data.draw(grants(fresh(2), named=["new2"], external_ids=[None]))
    assert_commute(story, one, other)


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
