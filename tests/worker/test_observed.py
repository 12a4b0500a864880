"""What is told of batches: once each, after COMMIT, and never at the expense of the money's way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from db.errors import LeaseLost, OutcomeUnknown, Transient
from db.values import Lease, Quarantined
from domain import verbs
from domain.changes import Changes
from worker.codec import Codec
from worker.course import Course
from worker.deciding import OwnThread
from worker.intake import Reader
from worker.lease import Tenure
from worker.memory.broker import MemoryBroker
from worker.memory.clock import MemoryClock
from worker.memory.store import MemoryStore
from worker.memory.transaction import MemoryTransaction
from worker.metrics import WORKER
from worker.observed import Listener, counted_broker, kind_of, observed
from worker.ports import BrokerError

ALL = ("scrip_messages_total", "scrip_batch_failures_total", "scrip_quarantined_total")
"""They appear below by the second word of their names."""


class FailingStore(MemoryStore):
    """Its commits fail as they are told to: before anything is written, or after."""

    before: Sequence[Exception] = ()
    after: Sequence[Exception] = ()

    @contextmanager
    def transaction(self, lease: Lease | None) -> Iterator[MemoryTransaction]:
        with super().transaction(lease) as transaction:
            yield transaction
            if self.before:
                first, *self.before = self.before
                raise first
        if self.after:
            first, *self.after = self.after
            raise first


class Rehearsal:
    """A reader over observed ports in memory."""

    def __init__(self, listener: Listener | None = None, slow_seconds: float = 60.0) -> None:
        self.clock = MemoryClock()
        self.broker, self.store = MemoryBroker(self.clock), FailingStore(self.clock)
        self._books = observed(self.store, slow_seconds, listener)
        tenure = Tenure(self.store, self.clock, "reader/0", "test", 3)
        self._before = samples()
        broker = counted_broker(self.broker)
        self._reader = Reader(broker, OwnThread(self._books, Codec().decode), self.clock, tenure)

    def run(self, *bodies: bytes) -> dict[tuple[str, ...], float]:
        """Work everything off; returns how far which counters have risen, by their labels."""
        self.broker.submit(bodies)
        while self.broker.backlog():
            self._reader.turn(1.0)
        risen = {key: value - self._before.get(key, 0.0) for key, value in samples().items()}
        return {key: value for key, value in risen.items() if value}


def samples() -> dict[tuple[str, ...], float]:
    """The counters that this test is about."""
    return {
        (sample.name.split("_")[1], *sample.labels.values()): sample.value
        for family in WORKER.collect()
        for sample in family.samples
        if sample.name in ALL
    }


def event(message_id: str, kind: str = "credit.grant", **data: Any) -> bytes:
    told = {"customer": "acme", "currency": "USD", "amount": 100, **data}
    envelope = {"specversion": "1.0", "id": message_id, "source": "/t", "type": kind}
    return json.dumps({**envelope, "time": "2026-01-01T00:00:00Z", "data": told}).encode()


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (Transient("simulated"), "transient"),
        (OutcomeUnknown("simulated"), "unknown"),
        (LeaseLost("simulated"), "lease_lost"),
    ],
)
def test_a_batch_that_is_tried_again_counts_once(error: Exception, why: str) -> None:
    here = Rehearsal()
    here.store.before = [error]
    risen = here.run(event("a"), event("b"))
    assert risen == {("batch", why): 1, ("messages", "credit.grant", "applied"): 2}


def test_a_commit_whose_answer_is_lost_is_found_again_as_repeats() -> None:
    """What happened stands in the books; how often is not known, and not claimed."""
    here = Rehearsal()
    here.store.after = [OutcomeUnknown("simulated")]
    risen = here.run(event("a"), event("b"))
    assert risen == {("batch", "unknown"): 1, ("messages", "credit.grant", "repeat"): 2}


def test_repeats_and_conflicts_count_as_often_as_they_come() -> None:
    """Within their first one's batch, and on the receipt of an earlier batch."""
    here = Rehearsal()
    here.run(event("a"), event("a"), event("a", amount=7))
    risen = here.run(event("a"), event("a"), event("a", amount=7), event("b"))
    assert risen == {
        ("messages", "credit.grant", "applied"): 2,
        ("messages", "credit.grant", "repeat"): 3,
        ("messages", "credit.grant", "conflict"): 2,
        ("quarantined", "conflict"): 2,
    }


def test_what_is_impossible_is_told_for_each_attempt(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The batch of three, and then its halves down to the culprit, who is named."""
    body, decide = verbs.VERBS["credit.grant"]

    def broken(account: Any, message: Any, *rest: Any) -> Any:
        assert message.cause.id != "c"
        return decide(account, message, *rest)

    monkeypatch.setitem(verbs.VERBS, "credit.grant", (body, broken))
    risen = Rehearsal().run(event("a"), event("b"), event("c"))
    assert risen == {
        ("batch", "impossible"): 3,
        ("quarantined", "impossible"): 1,
        ("messages", "credit.grant", "applied"): 2,
    }
    told = [record.getMessage() for record in caplog.records]
    assert [line.split()[:3] for line in told if not line.startswith("quarantined")] == [
        ["batch", "split", "messages=3"],
        ["batch", "split", "messages=2"],
        ["impossible", "messages=1", "source='/t'"],
    ]
    assert "id='c' type='credit.grant' account_id='" in told[2]


def test_a_broker_that_does_not_answer_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Rehearsal()
    broker = counted_broker(here.broker)
    labels = {"server": "broker"}
    before = WORKER.get_sample_value("scrip_failures_total", labels) or 0.0

    def refuse(*_: Any) -> None:
        raise BrokerError("simulated")

    monkeypatch.setattr(here.broker, "acknowledge", refuse)
    with pytest.raises(BrokerError):
        broker.acknowledge(["1"])
    assert WORKER.get_sample_value("scrip_failures_total", labels) == before + 1


class Deaf:
    """A listener who cannot take it."""

    def batch(self, course: Course, changes: Changes) -> None:
        raise ValueError(f"{course.committed}: {changes}, which nobody may see")


def test_who_cannot_listen_holds_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    """The batch is committed: it is neither split nor tried again."""
    here = Rehearsal(Deaf())
    assert here.run(event("a"), event("b")) == {("messages", "credit.grant", "applied"): 2}
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == "a batch is committed and could not be told error='ValueError'"


def test_a_slow_batch_is_named_with_its_stages(caplog: pytest.LogCaptureFixture) -> None:
    Rehearsal(slow_seconds=0.0).run(event("a"), event("b"))
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("slow batch messages=2 gather_ms=")
    assert all(f" {name}" in line for name in ("decide_ms=", "save_ms=", "commit_ms=", "id='a'"))


@pytest.fixture
def culprit(monkeypatch: pytest.MonkeyPatch) -> Callable[[], bytes]:
    """A message that finds a bug."""

    def broken(*_: Any) -> Any:
        raise AssertionError

    monkeypatch.setitem(verbs.VERBS, "credit.grant", (verbs.VERBS["credit.grant"][0], broken))
    return lambda: event("x")


def test_every_reason_has_its_kind(culprit: Callable[[], bytes]) -> None:
    """By the words that stand in the quarantine; a sender cannot imitate a bug of ours."""
    here = Rehearsal()
    here.run(culprit(), b"not json", event("y", "impossible: x"))
    kinds = sorted(kind_of(row) for row in here.store.quarantined.values())
    assert kinds == ["impossible", "malformed", "malformed"]
    dead = "dead letter: the broker gave this message up (rejected)"
    assert kind_of(Quarantined(b"", dead, None)) == "dead_letter"
    unsigned = "signature: missing, and unsigned messages are not taken here"
    assert kind_of(Quarantined(b"", unsigned, None)) == "signature"
