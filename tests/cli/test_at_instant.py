"""What `scrip balance --at` works out is what stood there, and what will."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from db.engine import engine_for
from db.look_ups import holdings, session
from db.store import PostgresStore
from domain.books import Books
from domain.credit import NEVER
from domain.fields import rfc3339
from tests.builders import ACME, NOON, grant
from tests.cli.long_story import Seen, story
from tests.cli.messages import line
from tests.cli.standings import later_than
from tests.standing import at as decided_at
from tests.verbs import hold, void_grant
from worker.cli.at_instant import Standing, groups, standing
from worker.cli.balance_at import standing_of
from worker.codec import Codec
from worker.memory.clock import MemoryClock
from worker.memory.store import MemoryStore
from worker.ports import Delivery
from worker.process import Batch, process, read_batch, settle
from worker.state import account_data, books_in_memory, grants_at

SEEDS = (1, 2)


def at(books: Books, instant: datetime, now: datetime) -> Standing:
    later = later_than(instant, books.seq, books.entries)
    return standing(books, later, instant, now)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_past_comes_out_as_it_was_seen(seed: int) -> None:
    told, sure = story(seed), 0
    for seen in told.seen:
        found = at(told.books[seen.key], seen.at, told.now)
        assert (found.seq, found.held >= seen.held) == (seen.seq, True), seen
        if not found.is_most_held:
            sure += 1
            assert as_seen(found, seen) == seen
    assert sure > len(told.seen) / 2
    assert any(seen.held for seen in told.seen)
    assert any(seen.pending for seen in told.seen)


def as_seen(found: Standing, seen: Seen) -> Seen:
    return Seen(
        seen.key, found.at, found.seq, found.balance, found.available, found.held, found.pending
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_present_is_what_balance_says(seed: int) -> None:
    told = story(seed)
    for books in told.books.values():
        found = at(books, told.now, told.now)
        data = account_data(books, told.now)
        assert (found.available, found.is_most_held) == (data["available"], False)
        assert found.balance + found.expired == data["balance"]


@pytest.mark.parametrize("seed", SEEDS)
def test_at_the_end_of_time_only_what_never_expires_is_left(seed: int) -> None:
    told = story(seed)
    for books in told.books.values():
        found = at(books, NEVER - timedelta(days=1), told.now)
        lasting = [grant for grant in grants_at(books, found.at) if grant.ends == NEVER]
        assert found.pending == 0
        assert found.available == sum(grant.free for grant in lasting if not grant.is_void)
        assert all(grant.ends == NEVER or grant.held for grant in found.grants)
        assert found.balance + found.expired == books.balance


@pytest.mark.parametrize("seed", SEEDS)
def test_groups_add_up(seed: int) -> None:
    told = story(seed)
    for books in told.books.values():
        found = at(books, told.now, told.now)
        for name in ("balance", "available", "held", "pending"):
            assert sum(getattr(part, name) for part in groups(found)) == getattr(found, name)


def test_before_the_first_entry_there_is_nothing() -> None:
    told = story(1)
    for books in told.books.values():
        found = at(books, books.entries[0].recorded_at - timedelta(seconds=1), told.now)
        assert (found.seq, found.balance, found.grants) == (0, 0, ())


def test_an_amended_grant_has_the_terms_of_then() -> None:
    """An amendment counts from the entry on behind which it came."""
    clock = MemoryClock(NOON)
    store = MemoryStore(clock)
    end, later = rfc3339(NOON + timedelta(days=1)), rfc3339(NOON + timedelta(days=9))
    bodies = (
        line("credit.grant", "g", time=rfc3339(NOON), amount=5, expires_at=end, priority=1),
        line("credit.deduct", "d1", time=rfc3339(NOON), amount=1),
        line("credit.amend", "a", time=rfc3339(NOON), grant="g", expires_at=later, priority=9),
        line("credit.deduct", "d2", time=rfc3339(NOON), amount=1),
    )
    for hours, raw in enumerate(bodies):
        clock.set(NOON + timedelta(hours=hours))
        settle(read_batch([Delivery("", raw)], Codec().decode), store, None)
    (books,) = books_in_memory(store)
    told = [at(books, NOON + timedelta(hours=hours), clock.now()).grants[0] for hours in (0, 1, 3)]
    assert [grant.priority for grant in told] == [1, 9, 9]
    assert [rfc3339(grant.ends) for grant in told] == [end, later, later]
    assert [grant.remaining for grant in told] == [5, 4, 3]


def test_void_credit_is_not_available_when_the_hold_on_it_is_over(database_url: str) -> None:
    """Whenever one asks: no entry says so before the hold's end has been written (R15, R17)."""
    engine, minute = engine_for(database_url), timedelta(minutes=1)
    store, then = PostgresStore(engine), NOON + 20 * minute
    held = hold(10, "h", expires=NOON + 10 * minute)
    for number, message in enumerate((grant(10, "g"), held, void_grant("g"))):
        with decided_at(NOON + number * minute):
            process(Batch(messages=[message]), store, None)
    with session(engine) as connection:
        (account,) = holdings(connection, *ACME)
        for now in (then, then + minute, then + 100 * minute):
            assert standing_of(connection, account, then, now).available == 0
    engine.dispose()
