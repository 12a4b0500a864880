"""What an account has available, however long it is kept and whatever time does to its grants."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.account import Account
from domain.credit import Allocation, Grant, Rank
from domain.identity import AccountKey
from domain.order import PROFILES
from domain.vocabulary import Kind
from tests.builders import NOON

HOURS = st.integers(0, 8)
TERMS = st.tuples(HOURS, st.none() | HOURS, st.none() | HOURS)
"""When a grant comes, and how long after noon it begins and ends to be usable."""

RANKS = [PROFILES[name].rank for name in ("standard", "fifo")]


def after_noon(hours: int | None) -> datetime | None:
    return None if hours is None else NOON + timedelta(hours=hours)


def come(account: Account, number: int, begins: int | None, ends: int | None) -> None:
    """A grant of 10 with these terms, of which 3 go at once."""
    grant = Grant(
        str(number),
        seq=number + 1,
        amount=10,
        remaining=0,
        effective_at=after_noon(begins),
        expires_at=after_noon(ends),
    )
    account.grants[grant.grant] = grant
    account.post(Kind.GRANT, None, [Allocation(grant.grant, None, 10)])
    account.post(Kind.DEDUCTION, None, [Allocation(grant.grant, None, 3)])


@given(grants=st.lists(TERMS, max_size=6), orders=st.lists(st.sampled_from(RANKS), min_size=9))
def test_it_is_the_sum_over_the_grants_that_are_usable_now(
    grants: list[tuple[int, int | None, int | None]], orders: list[Rank]
) -> None:
    """R2, hour by hour, with the account kept from one batch to the next."""
    account = Account("0" * 32, AccountKey("t", "c", "USD"))
    for hour in range(9):
        now = account.enter(NOON + timedelta(hours=hour), orders[hour])
        for number, (comes, begins, ends) in enumerate(grants):
            if comes == hour:
                come(account, number, begins, ends)
        account.enter(now, orders[hour])
        usable = [grant for grant in account.grants.values() if grant.usable(now)]
        assert account.available == sum(grant.remaining for grant in usable)
        assert list(account.in_order()) == account.sort(account.grants.values())
        account.rest()
