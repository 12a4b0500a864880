"""Which events of an account are new, which came before, and which are missing."""

import json
from typing import Any, NamedTuple

from domain.books import Books
from domain.identity import AccountKey
from domain.jsontext import quote


class Event(NamedTuple):
    """An event of an account, or of none (a message in quarantine)."""

    raw: bytes
    type: str
    time: str
    key: AccountKey | None
    event_seq: int
    data: dict[str, Any]


def read_event(raw: bytes) -> Event | None:
    """The event in an entry of the stream; None for anything else that lies there."""
    try:
        found = json.loads(raw)
        data = found["data"]
        named = [data.get(name) for name in AccountKey._fields]
        key = AccountKey(*map(str, named)) if None not in named else None
        seq = int(data["event_seq"]) if key is not None else 0
        return Event(raw, str(found["type"]), str(found["time"]), key, seq, data)
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


class Numbering:
    """The numbers of one account's events, as they come by."""

    def __init__(self, account: Books, first: int | None) -> None:
        self._key, self._newest = account.key, account.event_seq
        self._first = first
        self._last: int | None = None
        self._name = quote(account.key.customer).encode()

    def may_be_in(self, raw: bytes) -> bool:
        """A quick look that spares parsing the events of everybody else."""
        return self._name in raw

    def takes(self, event: Event) -> bool:
        """Whether the event is the account's, was not there before and is not too old."""
        if event.key != self._key or (self._last is not None and event.event_seq <= self._last):
            return False
        self._last = event.event_seq
        return self._first is None or event.event_seq >= self._first

    def missing_before(self, event: Event) -> str | None:
        """What is not there though it should be before this event; ask before `takes`."""
        if event.key != self._key:
            return None
        if self._last is None:
            if self._first is None or event.event_seq <= self._first:
                return None
            return self._sentence(self._first, event.event_seq - 1, "are older than what is kept")
        first, last = max(self._last + 1, self._first or 1), event.event_seq - 1
        return self._sentence(first, last, "are missing on the stream") if first <= last else None

    def missing_at_the_end(self) -> str | None:
        """What the database has told of and the stream does not hold."""
        first = max((self._last or 0) + 1, self._first or 1)
        if first > self._newest or (self._last is None and self._first is None):
            return None
        why = "are not on the stream: no longer kept, or not yet published (`scrip doctor`)"
        return self._sentence(first, self._newest, why)

    def nothing_new(self) -> str | None:
        """Where the numbers end, when they end before what was asked for."""
        if self._first is None or self._first <= self._newest:
            return None
        newest = f"the newest is {self._newest}" if self._newest else "there has been none"
        return f"{self._where()}: there is no event {self._first} yet, {newest}"

    def _sentence(self, first: int, last: int, why: str) -> str:
        seqs = f"event {first}" if first == last else f"events {first} to {last}"
        why = why.replace("are ", "is ", 1) if first == last else why
        return f"{self._where()}: {seqs} {why}; `scrip ledger` has every change"

    def _where(self) -> str:
        return f"{self._key.customer} in {self._key.currency}"
