"""R1, R2, R4 against the plainest reading of them: one minor unit after the other."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.grants import GrantCredit
from domain.invoices import InvoiceCreated
from domain.messages import Message
from tests.builders import ACME, AS_IT_COMES
from tests.laws.examples import grants, invoices
from tests.world import World


@dataclass
class Lot:
    """A grant as its message tells of it."""

    name: str
    terms: GrantCredit
    seq: int
    left: int


def goes_before(one: Lot, other: Lot) -> bool:
    """R1, word by word."""
    a, b = one.terms, other.terms
    if a.priority != b.priority:
        return a.priority < b.priority
    if a.expires_at != b.expires_at:
        return b.expires_at is None or (a.expires_at is not None and a.expires_at < b.expires_at)
    if a.category != b.category:
        return a.category == "promotional"
    if a.effective_at != b.effective_at:
        return a.effective_at is None or (
            b.effective_at is not None and a.effective_at < b.effective_at
        )
    return one.seq < other.seq


def in_order(lots: list[Lot]) -> list[Lot]:
    """Each lot behind all that go before it."""
    return sorted(lots, key=lambda lot: sum(goes_before(other, lot) for other in lots))


def expected(lots: list[Lot], message: Message, world: World) -> list[tuple[str, str | None, int]]:
    """What the grants pay of the invoice; takes it off the lots."""
    body = message.body
    assert isinstance(body, InvoiceCreated)
    t = max(world.now - timedelta(hours=1), min(world.now, body.issued_at or world.now))
    owed: list[tuple[str | None, str | None, int]] = [(None, None, body.amount_due)]
    if body.lines:
        owed = [(line.id, line.product, line.amount) for line in body.lines]
    unpaid = {line: amount for line, _, amount in owed}
    due, paid = body.amount_due, dict[tuple[str, str | None], int]()
    if body.status != "open" or body.auto_apply is False:
        return []
    for lot in in_order(lots):
        terms = lot.terms
        begun = terms.effective_at is None or terms.effective_at <= t
        if not begun or (terms.expires_at is not None and terms.expires_at <= t):
            continue
        for line, product, _ in owed:
            if terms.scope and product not in terms.scope:
                continue
            while lot.left > 0 and unpaid[line] > 0 and due > 0:
                lot.left, unpaid[line], due = lot.left - 1, unpaid[line] - 1, due - 1
                paid[lot.name, line] = paid.get((lot.name, line), 0) + 1
    return [(grant, line, amount) for (grant, line), amount in paid.items()]


def here(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """An envelope on the one account."""
    return st.just({**ACME._asdict(), "at": AS_IT_COMES, "id": name})


@given(st.data(), st.integers(1, 7), st.integers(1, 3), st.integers(0, 90))
def test_grants_are_used_as_the_rules_say(
    data: st.DataObject, lots_count: int, invoices_count: int, minutes: int
) -> None:
    """R1, R2, R4: several invoices in a row, on whatever the ones before have left."""
    world, lots = World(), list[Lot]()
    for number in range(lots_count):
        message = data.draw(grants(here(f"g{number}"), named=[None], external_ids=[None]))
        for entry in world.when(message).entries:
            assert isinstance(message.body, GrantCredit)
            lots.append(Lot(message.cause.id, message.body, entry.seq, message.body.amount))
    world.later(minutes=minutes)
    for number in range(invoices_count):
        message = data.draw(invoices(here(f"i{number}"), named=[f"i{number}"]))
        wanted = expected(lots, message, world)
        entries = world.when(message).entries
        assert [tuple(a) for entry in entries for a in entry.allocations] == wanted
