"""The ports of a loop, counted and timed: what operators see of the money's way.

Nothing here decides anything. A batch is told once, after its COMMIT, so a batch that is tried
again counts once; and whatever fails in the telling stays here, because money does not wait for it.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any, Protocol, cast

from db.errors import LeaseLost, OutcomeUnknown, Transient
from db.values import Lease, Quarantined
from domain.changes import Changes, State
from domain.messages import Cause
from domain.settings import TenantSettings
from domain.wanted import Wanted
from worker import metrics
from worker.course import Course
from worker.log import log
from worker.notes import Note, now, take
from worker.ports import Broker, BrokerError, Store, Transaction

_WHY: dict[type[Exception], str] = {
    LeaseLost: "lease_lost",
    OutcomeUnknown: "unknown",
    Transient: "transient",
}

_KINDS = {
    "impossible: deciding it failed with ": "impossible",
    "dead letter: the broker gave this message up ": "dead_letter",
    "signature: ": "signature",
}
"""How the reasons begin that are not about what is in the message."""


Take = Callable[[list[Note]], None]


class Listener(Protocol):
    """Somebody else who wants to hear of committed batches (worker/traces.py)."""

    def batch(self, course: Course, changes: Changes) -> None:
        """A batch is committed."""


class _Transaction:
    """A transaction whose stages are noted."""

    def __init__(self, transaction: Transaction, course: Course) -> None:
        self._transaction, self._course = transaction, course

    def settings(self, tenants: Collection[str]) -> dict[str, TenantSettings]:
        return self._transaction.settings(tenants)

    def gather(self, want: Wanted) -> State:
        state = self._transaction.gather(want)
        self._course.gathered = perf_counter()
        self._course.counted_before = {
            key: (receipt.repeats, receipt.conflicts) for key, receipt in state.receipts.items()
        }
        return state

    def save(self, changes: Changes, quarantined: Sequence[Quarantined]) -> None:
        self._course.decided = perf_counter()
        self._transaction.save(changes, quarantined)
        self._course.changes, self._course.aside = changes, quarantined
        self._course.saved = perf_counter()


class _Store:
    """A store whose batches are told to metrics, log and traces."""

    def __init__(
        self, store: Store, slow_seconds: float, listener: Listener | None, note: Take
    ) -> None:
        self._store, self._slow_seconds, self._listener = store, slow_seconds, listener
        self._note = note

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextmanager
    def transaction(self, lease: Lease | None) -> Iterator[Transaction]:
        """See worker.ports."""
        course = Course(perf_counter())
        try:
            with self._store.transaction(lease) as transaction:
                yield _Transaction(transaction, course)
        except Exception as error:
            self._note([("batch_failures", (_WHY.get(type(error), "impossible"),), 1)])
            if isinstance(error, Transient):
                self._note([("failures", ("database",), 1)])
            raise
        course.committed = perf_counter()
        try:
            self._tell(course)
        except Exception as error:
            # Committed is committed: to raise here would have the batch split and tried again.
            log.error("a batch is committed and could not be told", error=type(error).__name__)

    def _tell(self, course: Course) -> None:
        if course.changes is None:
            return
        conflicts = course.changes.conflicts
        aside = course.aside[: len(course.aside) - len(conflicts)]
        self._note(_counted(course, course.changes, aside))
        for row in aside:
            log.warning("quarantined", kind=kind_of(row), id=row.message_id, digest=row.digest)
        for message in conflicts:
            log.warning("conflict", **_named(message.cause, message.account_id))
        if course.committed - course.began > self._slow_seconds:
            _complain(course, course.changes)
        if log.is_detailed:
            _explain(course.changes)
        if self._listener is not None:
            self._listener.batch(course, course.changes)


def kind_of(row: Quarantined) -> str:
    """The kind of reason for which a message was set aside; conflicts are told by the changes."""
    kinds = (kind for start, kind in _KINDS.items() if row.reason.startswith(start))
    return next(kinds, "malformed")


def _named(cause: Cause, account_id: str) -> dict[str, str]:
    return {**cause._asdict(), "account_id": account_id}


def _counted(course: Course, changes: Changes, aside: Sequence[Quarantined]) -> list[Note]:
    """Sums, because a metric costs a lock, and a batch has hundreds of messages."""
    outcomes = Counter((r.cause.type, r.outcome, r.reason) for r in changes.receipts.values())
    sums, refusals = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    for (kind, outcome, reason), number in outcomes.items():
        sums[kind, str(outcome)] += number
        if reason is not None:
            refusals[(str(reason),)] += number
    for key, receipt in (*changes.receipts.items(), *changes.seen_again.items()):
        if receipt.repeats or receipt.conflicts:
            repeats, conflicts = course.counted_before.get(key, (0, 0))
            sums[receipt.cause.type, "repeat"] += receipt.repeats - repeats
            sums[receipt.cause.type, "conflict"] += receipt.conflicts - conflicts
    kinds = Counter((kind_of(row),) for row in aside)
    kinds[("conflict",)] += len(changes.conflicts)
    return [
        *(("messages", labels, number) for labels, number in sums.items()),
        *(("refusals", labels, number) for labels, number in refusals.items()),
        *(("quarantined", labels, number) for labels, number in kinds.items()),
        ("batch_messages", (), sum(sums.values()) + len(aside)),
        *(("stage_seconds", (stage,), seconds) for stage, seconds in course.stages()),
        now("last_commit"),
    ]


def _complain(course: Course, changes: Changes) -> None:
    facts: dict[str, Any] = {f"{name}_ms": round(1e3 * took, 1) for name, took in course.stages()}
    for receipt in (*changes.receipts.values(), *changes.seen_again.values()):
        facts |= _named(receipt.cause, receipt.account_id)
        break
    log.warning("slow batch", messages=len(changes.receipts), **facts)


def _explain(changes: Changes) -> None:
    for receipt in changes.receipts.values():
        log.debug(
            "decided",
            **_named(receipt.cause, receipt.account_id),
            outcome=str(receipt.outcome),
            reason=receipt.reason and str(receipt.reason),
        )
    for receipt in changes.seen_again.values():
        log.debug("seen again", **_named(receipt.cause, receipt.account_id))


class _Port:
    """A broker or a store; what it does not carry out is counted, and what takes time is timed."""

    def __init__(self, port: Broker | Store, server: str, error: type[Exception]) -> None:
        self._port, self._error = port, error
        self._failures = metrics.failures.labels(server)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def call(*arguments: Any) -> Any:
            began = perf_counter()
            try:
                answer = found(*arguments)
            except self._error:
                self._failures.inc()
                raise
            if name in _TIMED:
                _TIMED[name](len(arguments[0]), perf_counter() - began)
            return answer

        return call


def _acknowledged(number: int, seconds: float) -> None:
    metrics.stage_seconds.labels("acknowledge").observe(seconds)
    metrics.acknowledged.inc(number)


def _published(number: int, seconds: float) -> None:
    if number:
        metrics.events_published.inc(number)
        metrics.publish_seconds.observe(seconds)


_TIMED = {"acknowledge": _acknowledged, "publish": _published}


def observed(
    store: Store, slow_seconds: float, listener: Listener | None = None, note: Take = take
) -> Store:
    """The store of whoever decides, with its batches told; `note` gets what they change."""
    return cast("Store", _Store(store, slow_seconds, listener, note))


def counted_broker(broker: Broker) -> Broker:
    """The broker, with what goes through it counted."""
    return cast("Broker", _Port(broker, "broker", BrokerError))


def counted_store(store: Store) -> Store:
    """The store, with its failures counted, but for those of batches: see `observed`."""
    return cast("Store", _Port(store, "database", Transient))
