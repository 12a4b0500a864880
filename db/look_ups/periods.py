"""Which part of a ledger is asked for: whose, and between which instants."""

from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Select, and_, false

from db.tables import accounts, entries


class By(StrEnum):
    """The instant of an entry that counts: when it was decided, or its business time (R3)."""

    RECORDED = "recorded"
    DATED = "dated"


class Period(NamedTuple):
    """Entries of a tenant, perhaps of one customer or in one currency, within [first, end)."""

    tenant: str
    customer: str | None = None
    currency: str | None = None
    first: datetime | None = None
    end: datetime | None = None
    by: By = By.RECORDED

    @property
    def at(self) -> Column[datetime]:
        """The entry's instant that counts."""
        return entries.c[f"{self.by}_at"]

    @property
    def is_before(self) -> ColumnElement[bool]:
        """Whether an entry comes before the period."""
        return false() if self.first is None else self.at < self.first

    @property
    def is_after(self) -> ColumnElement[bool]:
        """Whether an entry comes after the period."""
        return false() if self.end is None else self.at >= self.end

    @property
    def is_within(self) -> ColumnElement[bool]:
        """Whether an entry belongs to the period."""
        return and_(~self.is_before, ~self.is_after)

    def of_accounts(self, wanted: Select[Any]) -> Select[Any]:
        """A query that reads `accounts`, kept to those of the period."""
        wanted = wanted.where(accounts.c.tenant == self.tenant)
        if self.customer is not None:
            wanted = wanted.where(accounts.c.customer == self.customer)
        if self.currency is not None:
            wanted = wanted.where(accounts.c.currency == self.currency)
        return wanted
