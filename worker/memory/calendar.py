"""Which grants expire next, without looking at any other."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush
from typing import NamedTuple

from domain.account import Grant
from domain.identity import Id128


class Date(NamedTuple):
    """The instant at which a grant's time is over; sorts by it."""

    expires_at: datetime
    account_id: Id128
    grant: str


class Calendar:
    """A heap of dates for each tenant, because each has a late window of its own (R3).

    A date stays when its grant is used up or amended; `holds` tells whether it still counts.
    """

    def __init__(self, holds: Callable[[Date], bool]) -> None:
        self._holds = holds
        self._dates: defaultdict[str, list[Date]] = defaultdict(list)

    def note(self, tenant: str, account_id: Id128, grant: Grant) -> None:
        """Remember a grant that has something to expire from now on."""
        if grant.expires_at is not None:
            heappush(self._dates[tenant], Date(grant.expires_at, account_id, grant.grant))

    def tenants(self) -> list[str]:
        """The tenants that have dates."""
        return list(self._dates)

    def first(self, tenant: str) -> Date | None:
        """The tenant's next date."""
        dates = self._dates[tenant]
        while dates and not self._holds(dates[0]):
            heappop(dates)
        return dates[0] if dates else None

    def accounts(self, tenant: str, until: datetime, count: int) -> list[Id128]:
        """Up to `count` accounts that have a date at or before an instant."""
        dates, taken = self._dates[tenant], list[Date]()
        accounts: dict[Id128, None] = {}
        while dates and dates[0].expires_at <= until and len(accounts) < count:
            date = heappop(dates)
            if self._holds(date) and date not in taken[-1:]:
                taken.append(date)
                accounts[date.account_id] = None
        for date in taken:
            heappush(dates, date)
        return list(accounts)
