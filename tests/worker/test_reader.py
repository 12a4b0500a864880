"""The reader over ports in memory: what goes into a batch, and what each kind of failure does."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from db.errors import OutcomeUnknown, Transient
from db.values import Lease
from domain import verbs
from domain.changes import Changes
from domain.identity import AccountKey, account_id
from worker.codec import Codec
from worker.deciding import OwnThread
from worker.intake import Limits, Reader
from worker.lease import Tenure
from worker.memory.broker import MemoryBroker
from worker.memory.clock import MemoryClock
from worker.memory.store import MemoryStore
from worker.memory.transaction import MemoryTransaction
from worker.ports import Delivery

ACME = account_id(AccountKey("default", "acme", "USD"))


class Installation:
    """A broker, a store and one reader."""

    def __init__(self, limits: Limits | None = None, ignore: frozenset[str] = frozenset()) -> None:
        self.clock = MemoryClock()
        self.broker, self.store = MemoryBroker(self.clock), MemoryStore(self.clock)
        tenure = Tenure(self.store, self.clock, "reader/0", "test", 3)
        decode = Codec(ignore_types=ignore).decode
        deciders = OwnThread(self.store, decode)
        self.reader = Reader(self.broker, deciders, self.clock, tenure, limits or Limits())

    def run(self) -> list[int]:
        """Turn until the intake is empty; returns the sizes of the batches."""
        sizes = []
        while self.broker.backlog():
            sizes.append(self.reader.turn(1.0))
        return sizes

    def outcomes(self) -> dict[str, str]:
        """Outcomes by message id."""
        rows = self.store.accounts[ACME].receipts.values() if self.store.accounts else ()
        return {receipt.cause.id: str(receipt.outcome) for receipt in rows}


def event(number: int, kind: str = "credit.grant", **data: Any) -> bytes:
    told = {"customer": "acme", "currency": "USD", "amount": 100, **data}
    envelope = {"specversion": "1.0", "id": f"m{number}", "source": "/t", "type": kind}
    return json.dumps({**envelope, "time": "2026-01-01T00:00:00Z", "data": told}).encode()


def test_a_batch_ends_at_the_count() -> None:
    here = Installation(Limits(messages=2))
    here.broker.submit([event(n) for n in range(5)])
    assert here.run() == [2, 2, 1]
    assert len(here.outcomes()) == 5


def test_a_batch_ends_at_the_bytes_but_holds_at_least_one() -> None:
    here = Installation(Limits(messages=10, bytes=1_500))
    here.broker.submit([event(n, note="x" * 1_000) for n in range(3)] + [event(9)])
    assert here.run()[0] == 1
    assert len(here.outcomes()) == 4


def test_a_batch_waits_for_its_age_to_fill() -> None:
    here = Installation(Limits(messages=10, age=0.5))
    here.broker.submit([event(1)])
    began = here.clock.monotonic()
    assert here.run() == [1]
    assert here.clock.monotonic() - began >= 0.5


def test_an_ignored_type_is_acknowledged_and_counted() -> None:
    here = Installation(ignore=frozenset({"invoice.sent"}))
    here.broker.submit([event(1, "invoice.sent"), event(2)])
    here.run()
    assert here.reader.ignored == 1
    assert here.outcomes() == {"m2": "applied"}
    assert not here.store.quarantined


def test_the_culprit_of_an_impossible_decision_is_alone_in_quarantine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body, decide = verbs.VERBS["credit.grant"]

    def with_a_bug(account: Any, message: Any, *rest: Any) -> Any:
        assert message.cause.id != "m3", "planted"
        return decide(account, message, *rest)

    monkeypatch.setitem(verbs.VERBS, "credit.grant", (body, with_a_bug))
    here = Installation()
    here.broker.submit([event(n) for n in range(6)])
    here.run()
    assert sorted(here.outcomes()) == ["m0", "m1", "m2", "m4", "m5"]
    [aside] = here.store.quarantined.values()
    assert (aside.raw, aside.message_id) == (event(3), "m3")
    assert "impossible" in aside.reason


def test_a_commit_of_unknown_outcome_is_left_to_the_receipts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was in fact committed comes again and is a repeat; nothing is acknowledged before."""
    here = Installation()
    commit = MemoryTransaction.commit
    answers = iter([False, True])

    def unanswered(transaction: MemoryTransaction) -> None:
        commit(transaction)
        if not next(answers):
            raise OutcomeUnknown("planted")

    monkeypatch.setattr(MemoryTransaction, "commit", unanswered)
    here.broker.submit([event(1)])
    assert here.run() == [0, 1]
    account = here.store.accounts[ACME]
    assert [entry.amount for entry in account.entries] == [100]
    assert [receipt.repeats for receipt in account.receipts.values()] == [1]


def test_a_second_reader_stands_by_until_the_lease_is_free() -> None:
    here = Installation()
    here.broker.submit([event(1)])
    tenure = Tenure(here.store, here.clock, "reader/0", "other", 3)
    other = Reader(here.broker, OwnThread(here.store, Codec().decode), here.clock, tenure)
    assert here.reader.turn(0) == 1
    here.broker.submit([event(2)])
    assert other.turn(0) == 0
    here.reader.stop()
    assert other.turn(0) == 1


def test_what_was_read_ahead_is_dropped_with_the_batch_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its predecessor failed after it was read; deciding it first would be an overtaking."""
    here = Installation(Limits(messages=2))
    here.broker.submit([event(n) for n in range(4)])
    save, failures = MemoryTransaction.save, iter([True])

    def failing_once(*arguments: Any) -> None:
        if next(failures, False):
            raise Transient("planted")
        save(*arguments)

    monkeypatch.setattr(MemoryTransaction, "save", failing_once)
    assert here.run() == [0, 2, 2]
    ids = [entry.cause.id for entry in here.store.accounts[ACME].entries]
    assert ids == ["m0", "m1", "m2", "m3"]


def test_nothing_is_acknowledged_when_saving_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Installation()
    here.broker.submit([event(1)])

    def failing(*_: Any) -> Changes:
        raise Transient("planted")

    monkeypatch.setattr(MemoryTransaction, "save", failing)
    assert here.reader.turn(1.0) == 0
    assert here.broker.backlog() == 1
    monkeypatch.undo()
    assert here.run() == [1]


class InTurn:
    """Deciders in one thread, of which a test says who is next to have settled something."""

    count = 2

    def __init__(self, *order: int) -> None:
        self._order = list(order)
        self._given: list[list[list[str]]] = [[], []]
        self.settled_ids: list[str] = []

    def give(self, to: int, deliveries: Sequence[Delivery], lease: Lease | None) -> None:
        """See Deciders."""
        assert lease is not None
        self._given[to].append([message_id(delivery.body) for delivery in deliveries])

    def settled(self) -> tuple[int, int]:
        """See Deciders."""
        decider = self._order.pop(0)
        self.settled_ids += self._given[decider].pop(0)
        return decider, 0

    def forget(self) -> None:
        """See Deciders."""

    def stop(self) -> None:
        """See Deciders."""


def message_id(body: bytes) -> str:
    return str(json.loads(body)["id"])


def reading_with(deciders: InTurn, messages: int) -> tuple[MemoryBroker, Reader]:
    clock = MemoryClock()
    broker = MemoryBroker(clock)
    tenure = Tenure(MemoryStore(clock), clock, "reader/0", "test", 3)
    return broker, Reader(broker, deciders, clock, tenure, Limits(messages))


BOB, ANN = "bob", "ann"
"""Customers of the first and of the second of two deciders."""


def test_a_reading_is_acknowledged_when_all_shares_of_it_are_settled() -> None:
    """The second decider is quicker by a whole reading; the intake still empties in order."""
    deciders = InTurn(1, 1, 0, 0)
    broker, reader = reading_with(deciders, messages=2)
    customers = (BOB, ANN, BOB, ANN)
    broker.submit([event(n, customer=customer) for n, customer in enumerate(customers)])
    assert reader.turn(0) == 2
    assert (broker.backlog(), deciders.settled_ids) == (2, ["m1", "m3", "m0"])
    assert reader.turn(0) == 2
    assert broker.backlog() == 0


def test_nothing_goes_on_beside_what_reaches_further() -> None:
    deciders = InTurn(1, 0, 0, 1)
    broker, reader = reading_with(deciders, messages=2)
    broker.submit([event(1, customer=BOB), event(2, customer=ANN)])
    broker.submit([event(3, "credit.transfer", customer=ANN), event(4, customer=BOB)])
    broker.submit([event(5, customer=ANN)])
    while broker.backlog():
        reader.turn(0)
    assert deciders.settled_ids == ["m2", "m1", "m3", "m4", "m5"]
