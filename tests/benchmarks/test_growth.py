"""What `./dev bench growth` sends goes to whom it should, and what it loads is sound."""

from __future__ import annotations

import json
from collections import Counter

from db.books import snapshot
from db.engine import engine_for
from domain.invariants import violations
from domain.messages import Message
from tests.benchmarks.growth_loads import (
    Load,
    drawn_from,
    hoarder,
    long_invoices,
    opening_grants,
    ordinary,
    portions,
    with_share,
)
from worker.codec import Codec


def customers(messages: list[bytes]) -> list[str]:
    return [json.loads(message)["data"]["customer"] for message in messages]


def test_a_larger_past_begins_with_the_smaller_one() -> None:
    """So that a database can grow from one measurement to the next."""
    large = portions(2_500_000)
    assert large[:1] == portions(1_000_000)
    assert sum(past.entries for past in large) == 2_500_000
    assert len({past.prefix for past in large}) == 3


def test_customers_with_a_past_are_drawn_from_all_of_it() -> None:
    """Each of them once, and none that is not there."""
    pasts = portions(1_000_500)
    names = drawn_from(pasts, 1, 10_005)
    drawn = {names(number) for number in range(10_005)}
    assert drawn == {past.key(n).customer for past in pasts for n in range(past.accounts)}


def test_both_installations_are_sent_the_same_for_their_own_customers() -> None:
    """One customer has a tenth of it; ids and amounts agree."""
    load = Load(2_000, 7, 100)
    here = load.messages(0, None, with_share("one", 10, ordinary(100)))
    there = load.messages(0, None, ordinary(100))
    changed = [a.replace(b'"one"', b"?") != b for a, b in zip(here, there, strict=True)]
    share = Counter(customers(here))["one"]
    assert sum(changed) == share
    assert 100 < share < 300
    assert set(customers(there)) <= set(customers(opening_grants(100, 7)))


def test_long_invoices_are_messages_of_the_contract() -> None:
    """Each with a grant before it that pays all of its lines."""
    grant, invoice = map(Codec().decode, long_invoices(1, 1_000, ordinary(1)))
    assert isinstance(grant, Message)
    assert isinstance(invoice, Message)
    assert len(invoice.body.lines) == 1_000  # type: ignore[attr-defined]


def test_verify_finds_nothing_wrong_with_a_hoard(database_url: str) -> None:
    """Every grant is open; asked for again, it is not loaded again."""
    assert hoarder(database_url, 300) == hoarder(database_url, 300)
    engine = engine_for(database_url)
    with snapshot(engine) as seen:
        [books] = seen.books()
    engine.dispose()
    assert list(violations(books)) == []
    assert sum(grant.remaining > 0 for grant in books.grants) == 300
