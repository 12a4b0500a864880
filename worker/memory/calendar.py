"""Which grants and holds come to their end next, without looking at any other."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush
from typing import NamedTuple

from domain.identity import Id128


class Date(NamedTuple):
    """The instant at which the time of a grant or hold is over; sorts by it."""

    expires_at: datetime
    account_id: Id128
    what: str
    name: str


class Calendar:
    """A heap of dates for each tenant, because each has a late window of its own (R3).

    A date stays when its grant is used up or amended; `counts` tells whether it still does.
    """

    def __init__(self, counts: Callable[[Date], bool]) -> None:
        self._counts = counts
        self._dates: defaultdict[str, list[Date]] = defaultdict(list)

    def note(self, tenant: str, date: Date) -> None:
        """Remember what comes to its end."""
        heappush(self._dates[tenant], date)

    def tenants(self) -> list[str]:
        """The tenants that have dates."""
        return list(self._dates)

    def first(self, tenant: str) -> Date | None:
        """The tenant's next date."""
        dates = self._dates[tenant]
        while dates and not self._counts(dates[0]):
            heappop(dates)
        return dates[0] if dates else None

    def accounts(self, tenant: str, until: datetime, count: int) -> list[Id128]:
        """Up to `count` accounts that have a date at or before an instant."""
        dates, taken = self._dates[tenant], list[Date]()
        accounts: dict[Id128, None] = {}
        while dates and dates[0].expires_at <= until and len(accounts) < count:
            date = heappop(dates)
            if self._counts(date) and date not in taken[-1:]:
                taken.append(date)
                accounts[date.account_id] = None
        for date in taken:
            heappush(dates, date)
        return list(accounts)
