"""I11, I12: the replay's events, numbered as the receipts say, are those that were published.

A receipt knows the number of its message's last event. Between two of them lie the events of expiry
runs, which follow from the replay, and `grant.expiring`, of which only a mark on the grant is
stored: they are counted against those marks, and against amendments, which take them away.
Where the stream no longer holds an event, its number is checked and nothing else.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from domain.books import Books, Violation
from domain.changes import Key
from domain.identity import event_id
from worker.journal_replay import Brought

_EXPIRING = "grant.expiring"
_UNSURE = timedelta(seconds=5)
"""Transactions overlap, so events of nearly one instant may be published in another order."""

_OPEN_MAX = timedelta(minutes=10)
"""No transaction of scrip is open for longer (db/engine.py)."""


def instant_of(said: Any) -> datetime | None:
    """An event's time; None for what is none."""
    try:
        instant = datetime.fromisoformat(said)
    except (TypeError, ValueError):
        return None
    return instant if instant.tzinfo is not None else None


def gaps(books: Books, told: Mapping[int, bytes], since: datetime) -> Iterator[Violation]:
    """Which events from `since` on are neither on the stream nor in the outbox."""
    missing = [seq for seq in range(1, books.event_seq + 1) if seq not in told]
    trimmed = 0  # the stream is trimmed from its beginning
    while trimmed < len(missing) and missing[trimmed] == trimmed + 1:
        trimmed += 1
    at = {receipt.event_seq: receipt.at.now for receipt in books.receipts if receipt.event_seq}
    for seq in missing[:trimmed]:
        # of runs, and so of their events, nobody knows the number: those excuse themselves
        if at.get(seq, since) > since + _UNSURE:
            yield _never(seq)
    yield from map(_never, missing[trimmed:])


def _never(seq: int) -> Violation:
    return Violation("I11", f"event {seq}", "is neither on the stream nor in the outbox")


def beyond(books: Books, told: Mapping[int, bytes], now: datetime) -> Iterator[Violation]:
    """Events that the books know nothing of, though they are older than any open transaction."""
    for seq in told:
        if seq > books.event_seq:
            told_at = instant_of(_parsed(told[seq]).get("time"))
            if told_at is not None and told_at < now - _OPEN_MAX:
                what = f"was published, and the account has only {books.event_seq}"
                yield Violation("I12", f"event {seq}", what)


@dataclass(slots=True)
class Numbering:
    """The events of one account, as the replay brought them and as they were published."""

    books: Books
    told: Mapping[int, bytes]
    _announced: int = 0
    _pending: list[str] = field(default_factory=list)
    _last: int = 0

    def differences(self, brought: Sequence[Brought]) -> Iterator[Violation]:
        """What is not as the replay has it."""
        receipts = {Key(r.account_id, *r.cause[:2]): r for r in self.books.receipts}
        for key, texts in brought:
            receipt = receipts.get(key) if key is not None else None
            if receipt is None:
                self._pending += texts
                continue
            first = receipt.event_seq - len(texts) + 1
            where = f"receipt {receipt.cause.source} {receipt.cause.id}"
            if first <= self._last + len(self._pending):
                what = f"its event_seq is {receipt.event_seq}, and its events do not fit in there"
                yield Violation("I12", where, what)
                return
            yield from self._between(first)
            for seq, text in enumerate(texts, first):
                yield from self._compared(seq, text)
            self._last = receipt.event_seq
        if self._last > self.books.event_seq:
            what = f"event_seq is {self.books.event_seq}, but a receipt has {self._last}"
            yield Violation("I12", "account", what)
        yield from self._between(self.books.event_seq + 1)
        brought_keys = {key for key, _ in brought}
        for key, receipt in receipts.items():
            if receipt.event_seq and key not in brought_keys:
                where = f"receipt {receipt.cause.source} {receipt.cause.id}"
                what = f"its event_seq is {receipt.event_seq}, and the replay has no event of it"
                yield Violation("I12", where, what)
        yield from self._announcements()

    def _between(self, end: int) -> Iterator[Violation]:
        """The events of expiry runs, and announcements, up to a message's first."""
        numbers, texts = range(self._last + 1, end), self._pending
        self._pending = []
        unknown = 0
        for seq in numbers:
            raw = self.told.get(seq)
            left = end - seq
            if raw is not None and _type(raw) == _EXPIRING:
                self._announced += 1
            elif texts and (raw is not None or len(texts) >= left):
                yield from self._compared(seq, texts.pop(0))
            elif raw is None:
                unknown += 1
            else:
                yield Violation("I12", f"event {seq}", "was published, and the replay has none")
        if len(texts) > unknown:
            what = f"has no room for {len(texts) - unknown} events of the replay"
            yield Violation("I12", f"event {end - 1}", what)
        self._announced += max(0, unknown - len(texts))

    def _compared(self, seq: int, text: str) -> Iterator[Violation]:
        raw = self.told.get(seq)
        if raw is None:
            return
        mine = json.loads(text)
        mine["id"] = event_id(self.books.account_id, seq)
        mine["data"]["event_seq"] = seq
        found = _parsed(raw)
        if found != mine:
            names = [n for n in ("id", "type", "time", "data") if found.get(n) != mine[n]]
            what = f"was published otherwise than the replay has it: {', '.join(names)}"
            yield Violation("I12", f"event {seq}", what)

    def _announcements(self) -> Iterator[Violation]:
        marked = sum(grant.is_announced for grant in self.books.grants)
        most = marked + len(self.books.amendments)
        if not marked <= self._announced <= most:
            what = f"{self._announced} events are of no step of the replay, and {marked} grants "
            yield Violation("I12", "account", f"{what}are marked as told of by {_EXPIRING}")


def _type(raw: bytes) -> Any:
    return _parsed(raw).get("type")


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
