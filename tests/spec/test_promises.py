"""What holds after every message, as small cases; all of it at length is in tests/laws."""

import json

import pytest

from domain.invariants import violations
from tests.builders import ACME, deduct, grant, invoice, void
from tests.verbs import (
    amend,
    apply,
    capture,
    configure_tenant,
    hold,
    paid,
    release,
    reverse,
    reverse_writeoff,
    shortfall,
    transfer,
    update,
    void_grant,
)
from tests.world import Seen, World

EVERYTHING = (
    configure_tenant({"plan": "basic", "tolerances": {"basic": {"USD": 30}}}),
    grant(500, "a", expires="2026-02-01"),
    grant(300, "b", priority=9),
    invoice(400, "i"),
    update(350),
    invoice(90, "j", auto_apply=False),
    hold(60),
    hold(5, "h2"),
    capture(50),
    release("h2"),
    apply(70, "j"),
    shortfall(20, "j"),
    reverse_writeoff(),
    paid("i"),
    reverse(100),
    deduct(10**6),
    deduct(15, id="d2"),
    transfer(40),
    amend("b", priority=1),
    void_grant("a"),
    void("j"),
)
"""Every kind of message once, a refusal among them."""


def everything(*cuts: int) -> tuple[World, Seen]:
    """A world in which all of it has come to pass."""
    world = World()
    return world, world.when(*EVERYTHING, cuts=cuts)


def test_every_message_has_one_outcome() -> None:
    """I1: applied or refused, and a receipt that says which."""
    world, seen = everything()
    assert seen.outcomes == ["applied"] * 15 + ["insufficient_credit"] + ["applied"] * 5
    assert len(world.receipts) == len(EVERYTHING) + 1  # and the transfer's arrival


def test_everything_again_has_no_effect() -> None:
    """I2: not one entry and not one event."""
    world, _ = everything()
    before = world.account().available, world.left("a", "b")
    again = world.when(*EVERYTHING, cuts=[7])
    assert (again.entries, again.published) == ([], [])
    assert (world.account().available, world.left("a", "b")) == before


@pytest.mark.parametrize("customer", ["acme", "bolt"])
def test_the_books_keep_every_promise(customer: str) -> None:
    """I3-I8, I10, I14-I17, I19: as `verify` would find them, also after expiry."""
    world, _ = everything()
    world.at("2026-03-01").expire()
    assert violations(world.books(ACME._replace(customer=customer))) == []


def test_amounts_are_integers_and_nothing_is_below_zero() -> None:
    """I5: balances, what remains of grants, and what is due."""
    world, _ = everything()
    numbers = [
        *(entry.balance for entry in world.entries),
        *(lot.remaining for lot in world.account().grants.values()),
        *(bill.due for bill in world.account().invoices.values()),
    ]
    assert all(type(number) is int and number >= 0 for number in numbers)
    assert all(type(entry.amount) is int and entry.amount for entry in world.entries)


def test_the_same_messages_at_the_same_instants_give_the_same_rows() -> None:
    """I9, R23: entries with their hashes, and events, in any batches."""
    first, _ = everything()
    second, _ = everything(*range(1, len(EVERYTHING)))
    assert first.books().entries == second.books().entries
    assert first.published == second.published


def test_every_entry_is_told_in_an_event() -> None:
    """I11, I12: and the events are numbered without a gap."""
    world, _ = everything()
    told = [json.loads(text)["data"] for text in world.published]
    of_acme = [data for data in told if data["customer"] == "acme"]
    seqs = [entry["seq"] for data in of_acme for entry in data.get("entries", ())]
    assert seqs == list(range(1, world.account().seq + 1))
    assert [data["event_seq"] for data in of_acme] == list(range(1, len(of_acme) + 1))


def test_a_conflict_changes_nothing() -> None:
    """I17: not even a counter of the account's."""
    world, _ = everything()
    before = world.books()
    seen = world.when(grant(501, "a"), deduct(16, id="d2"))
    assert (len(seen.conflicts), seen.entries, seen.published) == (2, [], [])
    after = world.books()
    assert (after.head, after.event_seq, after.balance) == (
        before.head,
        before.event_seq,
        before.balance,
    )


def test_every_entry_names_its_cause() -> None:
    """I19: the message that brought it, or what of scrip's own did."""
    world, _ = everything()
    world.at("2026-03-01").expire()
    sources = {entry.cause.source for entry in world.entries}
    assert sources == {"billing", "scrip/transfer", "scrip/expiry"}
    assert all(entry.cause.id and entry.cause.type for entry in world.entries)


def test_what_a_publisher_calls_now_changes_no_amount() -> None:
    """I20: a time beyond the late window, or in the future, is not believed."""
    lot = grant(500, effective="2026-01-15T11:00", expires="2026-02-01")
    rows = [
        World().given(lot, invoice(300, at=at)).books().entries[-1].allocations
        for at in ("2026-01-15T12:00", "1999-01-01", "2999-01-01")
    ]
    assert rows == [(("g", None, 300),)] * 3
