"""I1, I2, I13: what became of each message of the journal."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from db.history import Aside
from domain import transfers
from domain.books import Books, Violation
from domain.changes import Key
from domain.ledger import Receipt
from worker.journal import Said, Waiting

_SIGNATURE = "signature:"
"""Quarantine's reason for what came unsigned; a journal does not tell how messages were signed."""


@dataclass(slots=True)
class Decided:
    """The messages of one account that were decided, by key."""

    said: dict[Key, Said] = field(default_factory=dict)
    is_whole: bool = True
    """Whether there is one for every receipt but those of transfers that came in."""


class Outcomes:
    """Holds receipts and quarantine against the journal, an account at a time.

    With `partial`, receipts and quarantined messages that the journal does not explain are no
    violation: it holds a part of what was published.
    """

    def __init__(self, aside: Iterable[Aside], waiting: Waiting, *, partial: bool) -> None:
        self._aside = {row.digest: row for row in aside}
        self._waiting, self._partial = waiting, partial
        self._bad: set[str] = set()
        self.taken_for_waiting = 0
        """Messages without an outcome that may still lie on the intake."""
        self.unexplained = 0
        """Receipts that a partial journal does not explain."""

    def of_account(
        self, books: Books | None, said: Sequence[Said], decided: Decided
    ) -> Iterator[Violation]:
        """What is wrong; fills `decided`."""
        by_key: defaultdict[Key, list[Said]] = defaultdict(list)
        for message in said:
            by_key[message.key].append(message)
        for receipt in books.receipts if books else ():
            key = Key(receipt.account_id, *receipt.cause[:2])
            messages = by_key.pop(key, [])
            if messages:
                yield from self._decided(receipt, messages, decided)
            elif receipt.cause.type != transfers.TYPE:
                decided.is_whole = False
                yield from self._not_in_journal(receipt)
        for messages in by_key.values():
            yield from self._undecided(messages)

    def of_quarantine(self, malformed: set[str]) -> Iterator[Violation]:
        """I13: what is held is exactly what is malformed or conflicts; ask when all is seen.

        Where the broker only counts what waits, more without an outcome are found here (I1).
        """
        if self._waiting.bodies is None and self.taken_for_waiting > self._waiting.count:
            what = f"{self.taken_for_waiting} have no outcome, and {self._waiting.count} wait"
            yield Violation("I1", "intake", what)
        bad = malformed | self._bad
        for digest in sorted(bad - self._aside.keys()):
            if not self._waiting.may_hold(digest):
                what = "a malformed or conflicting message of the journal is not there"
                yield Violation("I13", f"quarantine {digest}", what)
        if self._waiting.count:
            return
        for row in self._aside.values():
            is_rightly_there = row.digest in bad or row.reason.startswith(_SIGNATURE)
            if row.state == "held" and not is_rightly_there and not self._partial:
                what = (
                    f"holds what is neither malformed nor in conflict by the journal: {row.reason}"
                )
                yield Violation("I13", f"quarantine {row.digest}", what)

    def bad(self, malformed: set[str]) -> list[Aside]:
        """The rows of quarantine that the journal accounts for."""
        return [self._aside[digest] for digest in (malformed | self._bad) & self._aside.keys()]

    def _not_in_journal(self, receipt: Receipt) -> Iterator[Violation]:
        if self._partial:
            self.unexplained += 1
        else:
            yield Violation("I1", _where(receipt), "is not in the journal")

    def _decided(
        self, receipt: Receipt, messages: Sequence[Said], decided: Decided
    ) -> Iterator[Violation]:
        same = [message for message in messages if message.body == receipt.digest]
        others = [message for message in messages if message.body != receipt.digest]
        if not same:
            decided.is_whole = False
            self._bad.update({message.digest for message in others} & self._aside.keys())
            if not self._partial:
                what = "what was decided is not in the journal, only another body under this id"
                yield Violation("I9", _where(receipt), what)
            return
        first = next((message for message in same if not message.strange), same[0])
        decided.said[first.key] = first
        self._bad.update(message.digest for message in others)
        self._bad.update(message.digest for message in same if message.strange)
        for digest in {message.digest for message in same} - self._bad:
            row = self._aside.get(digest)
            if row is not None and row.state != "redriven":
                yield Violation("I1", _where(receipt), f"is {row.state} in quarantine, too")
        yield from self._counted(receipt, same, others)

    def _counted(
        self, receipt: Receipt, same: Sequence[Said], others: Sequence[Said]
    ) -> Iterator[Violation]:
        """I2: each delivery but the first was counted; a redelivery counts again."""
        repeats = max(0, self._arrived(same) - 1)
        if receipt.repeats < repeats:
            what = f"{repeats} repeats were published, and {receipt.repeats} are counted"
            yield Violation("I2", _where(receipt), what)
        conflicts = self._arrived(others)
        if receipt.conflicts < conflicts:
            what = f"{conflicts} conflicts were published, and {receipt.conflicts} are counted"
            yield Violation("I2", _where(receipt), what)
        if receipt.conflicts and not others and not self._partial:
            what = f"{receipt.conflicts} conflicts are counted, and the journal has none"
            yield Violation("I2", _where(receipt), what)

    def _arrived(self, messages: Sequence[Said]) -> int:
        """How many of them have been counted for certain: neither waiting nor set aside unread."""
        waiting = sum(
            self._waiting.may_hold(digest) for digest in {message.digest for message in messages}
        )
        counted = [message for message in messages if not self._is_unread(message)]
        return max(0, len(counted) - waiting)

    def _is_unread(self, message: Said) -> bool:
        row = self._aside.get(message.digest)
        return row is not None and not row.reason.startswith("conflict:")

    def _undecided(self, messages: Sequence[Said]) -> Iterator[Violation]:
        """Without a receipt there has to be another outcome for each."""
        for message in {message.digest: message for message in messages}.values():
            row = self._aside.get(message.digest)
            if message.strange:
                self._bad.add(message.digest)
            elif self._waiting.may_hold(message.digest):
                self.taken_for_waiting += 1
            elif row is None or row.state == "redriven":
                where = f"message {message.key.source} {message.key.id}"
                what = "has no outcome: no receipt, not in quarantine, not waiting on the intake"
                what += f" (number {message.position} of the journal)"
                yield Violation("I1", where, what)


def entries_of_repeats(books: Books) -> Iterator[Violation]:
    """I2: of what came again, only the entries that its receipt names are there."""
    seqs: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for entry in books.entries:
        seqs[entry.cause[:2]].append(entry.seq)
    for receipt in books.receipts:
        first, last = receipt.seq_first, receipt.seq_last
        named = [] if first is None or last is None else list(range(first, last + 1))
        found = seqs.get(receipt.cause[:2], [])
        if receipt.repeats and found != named:
            what = f"came again, and is the cause of {found} instead of {named}"
            yield Violation("I2", _where(receipt), what)


def arrivals_of(books: Iterable[Books]) -> Mapping[Key, Receipt]:
    """The receipts of transfers that came in."""
    receipts = (receipt for account in books for receipt in account.receipts)
    return {
        Key(receipt.account_id, *receipt.cause[:2]): receipt
        for receipt in receipts
        if receipt.cause.type == transfers.TYPE
    }


def _where(receipt: Receipt) -> str:
    return f"receipt {receipt.cause.source} {receipt.cause.id}"
