"""In which order a journal's messages were decided, as far as the rows tell.

Within an account, `now` never goes back (R3), so that decided_at orders receipts and recorded_at
the expiry runs. Messages of one batch share an instant. There event_seq orders those that brought
an event about, seq places expiries among them, and the journal's own order places what left
neither (a hold, say). Between accounts, only a transfer ties two orders together, and what a
tenant has set counts for the messages behind it, by decided_at and then by the journal: should
the database's clock have gone back, this is the one place where it could mislead.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from itertools import groupby, pairwise
from operator import attrgetter
from typing import NamedTuple

from db.history import Version
from domain.books import Books
from domain.changes import Key
from domain.expiry import HOLD_TYPE
from domain.expiry import TYPE as EXPIRY_TYPE
from domain.identity import AccountKey, Id128, account_id
from domain.ledger import Receipt
from domain.messages import Message
from domain.settings import TenantSettings
from domain.transfers import TransferCredit, cause_of
from worker.journal_outcomes import arrivals_of

END = 1 << 62
"""A position behind every message of a journal."""


@dataclass(eq=False, slots=True)
class Step:
    """A message, or an expiry run of one account, to be decided at `now`."""

    account_id: Id128
    now: datetime
    position: int = END
    message: Message | None = None


@dataclass(eq=False, slots=True)
class _Place:
    """Where a step comes in the order of one account."""

    step: Step
    now: datetime
    event_seq: int = 0
    seq: int | None = None


class Settings:
    """What each tenant had set, at each place in the order."""

    def __init__(
        self,
        versions: Iterable[Version],
        configured: Iterable[tuple[Key, str, datetime]],
        positions: Mapping[Key, int],
    ) -> None:
        made = defaultdict(list)
        for key, tenant, now in configured:
            made[tenant].append((now, positions.get(key, 0)))
        self._versions: dict[str, list[tuple[datetime, int, TenantSettings]]] = {}
        for tenant, of_tenant in groupby(versions, key=attrgetter("tenant")):
            places = sorted(made[tenant], reverse=True)
            rows = self._versions[tenant] = []
            for _, settings, since in of_tenant:
                # A version was inserted after its message's clock was read; older ones than the
                # next message were set by hand.
                by_message = places and places[-1][0] <= since
                rows.append((*(places.pop() if by_message else (since, 0)), settings))

    def at(self, tenant: str, step: Step) -> TenantSettings | None:
        """The version that a step is decided by; None for the defaults."""
        before = None
        for now, position, settings in self._versions.get(tenant, ()):
            if (now, position) < (step.now, step.position):
                before = settings
        return before

    def all_of(self, tenant: str) -> list[TenantSettings]:
        """Every version that is stored."""
        return [settings for _, _, settings in self._versions.get(tenant, ())]


class Placed(NamedTuple):
    """A receipt's message and where the journal has it."""

    message: Message
    position: int


@dataclass(slots=True)
class Order:
    """The steps of a group of accounts that transfers tie together."""

    group: Sequence[Books]
    placed: Mapping[Key, Placed]
    arrivals: Mapping[Key, Receipt] = field(init=False)
    _steps: dict[Key, Step] = field(default_factory=dict)
    _sent: dict[Key, Step] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.arrivals = arrivals_of(self.group)

    def steps(self) -> list[Step]:
        """In an order in which they may have been decided."""
        for books in self.group:
            for receipt in books.receipts:
                self._add(receipt)
        chains = [[place.step for place in self._places(books)] for books in self.group]
        if len(chains) == 1:
            return chains[0]
        sorter: TopologicalSorter[Step] = TopologicalSorter()
        for chain in chains:
            for step in chain[:1]:
                sorter.add(step)
            for before, after in pairwise(chain):
                sorter.add(after, before)
        try:
            return list(sorter.static_order())
        except CycleError:
            steps = dict.fromkeys(step for chain in chains for step in chain)
            return sorted(steps, key=attrgetter("now", "position"))

    def _add(self, receipt: Receipt) -> None:
        key = Key(receipt.account_id, *receipt.cause[:2])
        placed = self.placed.get(key)
        if placed is None:
            return
        message, position = placed
        step = Step(receipt.account_id, receipt.at.now, position, message)
        self._steps[key] = step
        if isinstance(message.body, TransferCredit) and receipt.seq_first is not None:
            body = message.body
            receiver = account_id(AccountKey(body.tenant, body.to_customer, body.currency))
            arrival = Key(receiver, *cause_of(receipt.account_id, body.transfer)[:2])
            if arrival in self.arrivals:
                self._sent[arrival] = step
                # Clocks that went back are raised to each account's own last instant (R3).
                step.now = min(step.now, self.arrivals[arrival].at.now)

    def _places(self, books: Books) -> list[_Place]:
        places = list(self._runs(books))
        for receipt in books.receipts:
            key = Key(receipt.account_id, *receipt.cause[:2])
            step = self._steps.get(key) or self._sent.get(key)
            if step is not None:
                seq = receipt.seq_first
                places.append(_Place(step, receipt.at.now, receipt.event_seq, seq))
        places.sort(key=attrgetter("now"))
        return [
            place
            for _, at_once in groupby(places, key=attrgetter("now"))
            for place in _in_order(list(at_once))
        ]

    @staticmethod
    def _runs(books: Books) -> Iterator[_Place]:
        """The expiry runs that left entries; a message may end a hold, too (R17)."""
        of_messages = {receipt.at.now for receipt in books.receipts}
        found: dict[datetime, int] = {}
        for entry in books.entries:
            kind, now = entry.cause.type, entry.recorded_at
            if kind == EXPIRY_TYPE or (kind == HOLD_TYPE and now not in of_messages):
                found.setdefault(now, entry.seq)
        for now, seq in found.items():
            yield _Place(Step(books.account_id, now), now, seq=seq)


def _in_order(places: list[_Place]) -> list[_Place]:
    """The order of what was decided at one instant on one account."""
    if len(places) == 1:
        return places
    told = (place for place in places if place.event_seq)
    # Two that claim the same event, one of them wrongly, stand as in the journal.
    ordered = sorted(told, key=lambda place: (place.event_seq, place.step.position))
    for run in sorted((p for p in places if p.step.message is None), key=attrgetter("seq")):
        before = [at for at, place in enumerate(ordered) if (place.seq or END) < (run.seq or 0)]
        ordered.insert(before[-1] + 1 if before else 0, run)
    silent = [p for p in places if not p.event_seq and p.step.message is not None]
    for place in sorted(silent, key=lambda place: place.step.position, reverse=True):
        later = [at for at, o in enumerate(ordered) if o.step.position > place.step.position]
        ordered.insert(later[0] if later else len(ordered), place)
    return ordered
