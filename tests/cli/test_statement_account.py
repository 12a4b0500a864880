"""What a statement works out from the ledger is what is stored."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest

from domain.books import Books
from domain.kept import Writeoff, is_lot_of_writeoff
from domain.order import PROFILES
from tests.cli.long_story import story
from tests.cli.standings import moves_of
from tests.cli.statement_story import START, Life, after, busy_life, lives, told
from worker.cli.statement_read import Asked, statement_of
from worker.statement.account import AccountStatement, left_of, reversed_writeoffs, what_became
from worker.statement.picture import STEPS_MAX, steps_of

SEEDS = (1, 2)


def stated(books: Books, seed: int) -> AccountStatement:
    now = story(seed).now
    asked = Asked(None, now)
    return statement_of(books, told(books, asked), PROFILES["standard"], asked, now)


@pytest.fixture(params=SEEDS)
def both(request: pytest.FixtureRequest) -> list[tuple[Books, AccountStatement]]:
    return [(books, stated(books, request.param)) for books in story(request.param).books.values()]


def test_the_parts_of_the_balance_add_up(both: list[tuple[Books, AccountStatement]]) -> None:
    for books, one in both:
        assert one.balance == one.available + one.held + one.pending
        assert one.balance + one.expired == books.balance
        assert sum(share.available for share in one.shares) == one.available


def test_each_part_is_told_apart() -> None:
    (_, busy), *_, (unwritten,) = lives()
    parts = ("available", "held", "pending", "expired")
    assert [getattr(busy, name) for name in parts] == [340_000, 120_000, 30_000, 0]
    assert busy.balance == busy.ledger[-1].balance == 490_000
    assert [getattr(unwritten, name) for name in parts] == [0, 0, 0, 9 * 10**14]
    assert [went.expired for went in unwritten.gone] == [9 * 10**14]


def test_what_became_of_grants_is_what_is_stored(
    both: list[tuple[Books, AccountStatement]],
) -> None:
    for books, one in both:
        became = what_became(moves_of(one.ledger))
        mine = [grant for grant in books.grants if not is_lot_of_writeoff(grant.grant)]
        assert set(became) == {grant.grant for grant in mine}
        for grant in mine:
            stored = (grant.amount, grant.used, grant.expired, grant.voided, grant.moved)
            assert became[grant.grant][1:] == stored
            assert left_of(became[grant.grant]) == grant.remaining
        names = [*(g.grant for g in one.grants), *(g.grant for g in one.gone)]
        assert sorted(names) == sorted(became)
        assert all(left_of(went) == 0 for went in one.gone)


def test_invoices_have_the_credit_that_stands_on_them(
    both: list[tuple[Books, AccountStatement]],
) -> None:
    for books, one in both:
        by_name = {credited.invoice: credited for credited in one.invoices}
        assert set(by_name) == {bill.invoice for bill in books.invoices}
        for bill in books.invoices:
            found, stands = by_name[bill.invoice], Counter[str]()
            for use in bill.uses:
                stands[use.grant] += use.amount
            of_grants = {
                part.grant: part.applied - part.given_back
                for part in found.parts
                if not is_lot_of_writeoff(part.grant)
            }
            assert +Counter(of_grants) == stands
            assert found.stands == bill.applied


def test_writeoffs_are_reversed_where_they_say_so(
    both: list[tuple[Books, AccountStatement]],
) -> None:
    for books, one in both:
        kept = [one for one in books.kept if isinstance(one, Writeoff)]
        assert reversed_writeoffs(one) == {
            writeoff.name for writeoff in kept if writeoff.is_reversed
        }
    assert any(reversed_writeoffs(one) for _, one in both)


def test_what_falls_is_what_is_left() -> None:
    (_, one) = busy_life().statements()
    assert [(fall.at.isoformat(), fall.amount) for fall in one.falls] == [
        (after(150), 250_000),
        (after(230), 90_000),
    ]


def test_what_is_held_does_not_fall() -> None:
    life = Life()
    life.send(0, "credit.grant", "g", grant="g", amount=100, expires_at=after(10))
    life.send(1, "credit.hold", "h", hold="h", amount=30)
    (one,) = life.statements()
    assert [fall.amount for fall in one.falls] == [70]


def test_the_past_knows_nothing_of_later() -> None:
    yen, one = busy_life().statements(at=START + timedelta(days=40))
    assert (yen.available, len(yen.ledger)) == (0, 0)
    assert (one.available, one.expired) == (1_360_667, 0)
    assert {grant.grant for grant in one.grants} >= {"prepaid", "welcome"}
    assert [credited.bill for credited in one.invoices] == [None] * 3
    assert one.writeoffs == ()
    assert one.sent == {}


@pytest.mark.parametrize(
    ("days_between", "unit", "number"),
    [(1 / 200, "hour", 49), (1 / 16, "day", 26), (10, "month", 132), (31, "year", 35)],
)
def test_many_entries_are_thinned_and_expiries_are_not_lost(
    days_between: float, unit: str, number: int
) -> None:
    """To the finest unit that leaves few enough."""
    life, days = Life(), (STEPS_MAX + 1) * days_between
    for place in range(STEPS_MAX + 1):
        sent = {"amount": 3, "expires_at": after(days)}
        life.send(place * days_between, "credit.grant", f"g{place}", **sent)
    life.wait(days + 1)
    (one,) = life.statements()
    steps, words = steps_of(one.ledger)
    assert words == f"at the end of each {unit}"
    assert (len(steps), steps[-1].balance) == (number, 0)
    assert sum(step.expired for step in steps) == 3 * (STEPS_MAX + 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_period_tells_its_part_and_the_rest_as_one_balance(seed: int) -> None:
    """Whatever is cut off, what is told is what the whole statement tells."""
    cut = 0
    for books in story(seed).books.values():
        whole = stated(books, seed)
        since = books.entries[len(books.entries) // 2].recorded_at if books.entries else None
        asked = Asked(since, whole.at)
        one = statement_of(books, told(books, asked), PROFILES["standard"], asked, whole.at)
        assert [*whole.ledger][one.left_out :] == [*one.ledger]
        assert one.opening + sum(entry.amount for entry in one.ledger) == books.balance
        for name in ("available", "balance", "held", "pending", "expired", "falls"):
            assert getattr(one, name) == getattr(whole, name)
        assert list(map(repr, one.grants)) == list(map(repr, whole.grants))
        assert set(one.gone) <= set(whole.gone)
        touched = {entry.invoice for entry in one.ledger} - {None}
        assert [credited for credited in one.invoices if credited.invoice in touched] == [
            credited for credited in whole.invoices if credited.invoice in touched
        ]
        cut += one.left_out > 0
    assert cut > 1


def test_a_month_ends_where_the_next_begins() -> None:
    life = busy_life()
    months = [START + timedelta(days=30 * number) for number in range(4)]
    closing = 0
    for since, until in pairwise(months):
        asked = Asked(since, until - timedelta(microseconds=1))
        _, one = life.statements(since=since, at=asked.at)
        assert one.opening == closing
        closing = one.opening + sum(entry.amount for entry in one.ledger)
        assert all(since <= entry.recorded_at < until for entry in one.ledger)
        assert closing == one.balance + one.expired
    assert closing > 0
