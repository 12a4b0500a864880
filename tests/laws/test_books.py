"""Whatever comes, the books keep every promise, and credit goes back where it came from."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.digests import digests
from domain.identity import AccountKey
from domain.invariants import violations
from domain.kept import is_lot_of_writeoff
from domain.messages import Message
from domain.vocabulary import SIGN, Kind
from tests.builders import About, LineText, invoice, void
from tests.laws.examples import ACCOUNTS, NAMES, lines
from tests.laws.stories import Moment, Story, stories
from tests.world import World


@given(stories())
def test_the_books_keep_every_promise(story: Story) -> None:
    """I3-I8, I10, I14-I17, I19, and once more after everything has expired."""
    world = story.world()
    _assert_in_order(world)
    world.later(hours=8)
    world.expire()
    _assert_in_order(world)


def _assert_in_order(world: World) -> None:
    for account in world.accounts.values():
        assert violations(world.books(account.key)) == []


@given(stories(), st.sampled_from(ACCOUNTS), st.integers(0, 30), lines())
def test_a_void_returns_every_lot_exactly(
    story: Story, key: AccountKey, due: int, rows: list[LineText]
) -> None:
    """R13: after invoice and void at one instant, every grant is as before."""
    world = story.world()
    about = About(tenant=key.tenant, customer=key.customer, currency=key.currency)
    world.when(invoice(0, "zero", **about))
    before = _lots(world, key)
    create = invoice(None if rows else due, "new", lines=rows, auto_apply=True, **about)
    used = [a for entry in world.when(create).entries for a in entry.allocations]
    returned = [a for entry in world.when(void("new", **about)).entries for a in entry.allocations]
    assert returned == used[::-1]
    assert _lots(world, key) == before


def _lots(world: World, key: AccountKey) -> dict[str, tuple[int, int]]:
    return {name: (lot.remaining, lot.used) for name, lot in world.account(key).grants.items()}


@given(stories(), st.permutations(NAMES))
def test_voids_restore_every_lot_whatever_came_between(story: Story, order: list[str]) -> None:
    """R13, R14: what applications took of each grant and line comes back, and not a unit more."""
    world = story.world()
    for key in ACCOUNTS:
        for name in order:
            about = About(tenant=key.tenant, customer=key.customer, currency=key.currency)
            world.when(void(name, **about | About(id=f"final {name}")))
    standing = Counter[Any]()
    for entry in world.entries:
        if entry.invoice is not None and not is_lot_of_writeoff(entry.allocations[0].grant):
            for grant, line, amount in entry.allocations:
                if entry.kind in (Kind.APPLICATION, Kind.REVERSAL):
                    place = entry.account_id, entry.invoice, grant, line
                    standing[place] -= SIGN[entry.kind] * amount
                    assert standing[place] >= 0
    assert not any(standing.values())


@given(stories(), st.sampled_from(["JPY", "KWD", "CLF"]))
def test_decimals_change_nothing(story: Story, other: str) -> None:
    """Currencies of 0, 3 and 4 decimals give the same rows as those of 2."""
    moments = tuple(replace(m, messages=_renamed(m, other)) for m in story.moments)
    renamed = replace(story, moments=moments).world()
    assert _said(renamed, other) == _said(story.world(), "USD")


def _renamed(moment: Moment, other: str) -> tuple[Message, ...]:
    """With another currency in the place of the dollar, in tolerances too."""
    found = []
    for message in moment.messages:
        body: Any = message.body
        changed: dict[str, Any] = {"currency": other} if body.currency == "USD" else {}
        if getattr(body, "tolerances", None):
            changed["tolerances"] = {
                plan: {other if unit == "USD" else unit: limit for unit, limit in limits.items()}
                for plan, limits in body.tolerances.items()
            }
        renamed = replace(body, **changed)
        told = digests(message.cause.type, message.cause.id, renamed)
        found.append(Message(message.cause, message.time, renamed, told, message.raw))
    return tuple(found)


def _said(world: World, currency: str) -> dict[Any, list[Any]]:
    """Each account's rows, without what follows from its currency's name."""
    said = defaultdict[Any, list[Any]](list)
    for entry in world.entries:
        key = world.accounts[entry.account_id].key
        lots = [a for a in entry.allocations if not a.grant.startswith("transfer-")]
        row = (entry.seq, entry.kind, entry.amount, entry.balance, entry.invoice, lots)
        said[key.tenant, key.customer, key.currency == currency].append(row)
    return said


@given(stories())
def test_a_transfer_moves_and_makes_nothing(story: Story) -> None:
    """R18: what has left the tenant's accounts in a currency has come to others of them."""
    moved = Counter[tuple[str, str]]()
    world = story.world()
    for entry in world.entries:
        if entry.kind in (Kind.TRANSFER_OUT, Kind.TRANSFER_IN):
            tenant, _, currency = world.accounts[entry.account_id].key
            moved[tenant, currency] += entry.amount
    assert not any(moved.values())


@given(stories(), st.sampled_from([10, 100, 10_000]))
def test_minor_units_scale(story: Story, factor: int) -> None:
    """Amounts times 10^k give the same entries times 10^k: no number is special."""
    moments = tuple(replace(m, messages=_scaled(m, factor)) for m in story.moments)
    scaled = replace(story, moments=moments).world()
    assert _shape(scaled, 1) == _shape(story.world(), factor)


def _scaled(moment: Moment, factor: int) -> tuple[Message, ...]:
    return tuple(_scaled_message(message, factor) for message in moment.messages)


def _scaled_message(message: Message, factor: int) -> Message:
    body: Any = message.body
    changed: dict[str, Any] = {
        name: getattr(body, name) * factor
        for name in ("amount", "amount_due", "shortfall", "low_balance")
        if getattr(body, name, None) is not None
    }
    if getattr(body, "tolerances", None):
        changed["tolerances"] = {
            plan: {currency: amount * factor for currency, amount in amounts.items()}
            for plan, amounts in body.tolerances.items()
        }
    if hasattr(body, "lines"):
        changed["lines"] = tuple(replace(x, amount=x.amount * factor) for x in body.lines)
    scaled = replace(body, **changed)
    told = digests(message.cause.type, message.cause.id, scaled)
    return replace(message, body=scaled, digests=told)


def _shape(world: World, factor: int) -> Sequence[Any]:
    return [
        (
            entry.account_id,
            entry.kind,
            entry.amount * factor,
            entry.balance * factor,
            [(a.grant, a.line, a.amount * factor) for a in entry.allocations],
        )
        for entry in world.entries
    ]
