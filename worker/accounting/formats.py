"""What every way of writing transactions down has in common."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Protocol

from worker.accounting.transactions import Transaction


class Format(Protocol):
    """Text in three parts, written one after the other; the same transactions, the same bytes."""

    def head(self) -> str:
        """What stands above the transactions."""

    def transaction(self, one: Transaction) -> str:
        """A transaction."""

    def tail(self) -> str:
        """What stands below, once every transaction has been written."""


class Seen:
    """What transactions have used so far: little, however many they are."""

    def __init__(self) -> None:
        self.first: date | None = None
        self.accounts: set[str] = set()
        self.units: dict[str, tuple[str, int]] = {}
        """By commodity: the currency's own name and its decimals."""

    def note(self, one: Transaction) -> None:
        """Look at a transaction."""
        self.first = one.day if self.first is None else min(self.first, one.day)
        self.accounts.update(posting.account for posting in one.postings)
        self.units[one.commodity] = (one.key.currency, one.decimals)


def written(form: Format, transactions: Iterable[Transaction]) -> Iterator[str]:
    """The whole text, a piece at a time."""
    yield form.head()
    yield from map(form.transaction, transactions)
    yield form.tail()


def escaped(text: str, special: str, escape: Callable[[str], str]) -> str:
    """Text with an escape for each special character and each that does not print."""
    return "".join(x if x not in special and x.isprintable() else escape(x) for x in text)
