"""How long one message takes: from when it is due on the intake to its commit and its event.

Messages are due at an even pace, whether or not the system and its publisher keep up, and a late
one is measured from when it was due: nobody waits for an answer before publishing the next.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from typing import NamedTuple

from tests.benchmarks.installation import Installation
from tests.end_to_end.outsider import Observer, wait_for

WAIT = 0.2
SECONDS_MAX = 120

COMMITTED = """
    SELECT r.id FROM accounts a JOIN receipts r USING (account_id)
    WHERE (a.tenant, a.customer) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
      AND r.id = ANY (%s)"""


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles in milliseconds."""

    p50_ms: float
    p99_ms: float

    @classmethod
    def of(cls, seconds: Iterable[float]) -> Latency:
        ordered = sorted(seconds)
        return cls(*(round(1_000 * ordered[int(len(ordered) * part)], 2) for part in (0.5, 0.99)))

    def told(self) -> str:
        return f"p50 {self.p50_ms:,} ms, p99 {self.p99_ms:,} ms"


class Due(NamedTuple):
    """A message that is measured: its first delivery."""

    place: int
    tenant: str
    customer: str


class Pace:
    """Messages at an even pace, and when each was committed and told."""

    def __init__(self, messages: list[bytes], per_second: float, earlier: Iterable[bytes]) -> None:
        """Repeats are published too; those of `earlier` messages or of these are not measured."""
        self.messages, self.per_second = messages, per_second
        self._began, self._published = 0.0, 0
        self.due: dict[str, Due] = {}
        known = set(earlier)
        for place, message in enumerate(messages):
            if message not in known:
                known.add(message)
                event = json.loads(message)
                data = event["data"]
                self.due[event["id"]] = Due(place, data["tenant"], data["customer"])
        self.uncommitted = dict(self.due)
        self.committed: dict[str, float] = {}
        self.untold = set(self.due)
        self.told: dict[str, float] = {}

    def publish(self, on: Installation) -> None:
        """All that is due at once, then wait for the next."""
        self._began = time.perf_counter()
        while (done := self._published) < len(self.messages):
            now = time.perf_counter() - self._began
            due = min(int(now * self.per_second) + 1, len(self.messages))
            if due > done:
                on.client.publish(*self.messages[done:due])
                self._published = due
            else:
                time.sleep(max(0.0, due / self.per_second - now))

    def look_for_events(self, on: Installation) -> None:
        events, now = on.subscriber.next_events(WAIT), time.perf_counter()
        for event in events:
            data = json.loads(event)["data"]
            name = data["cause"]["id"] if "cause" in data else data.get("id")
            if name in self.untold:
                self.told[name] = now
                self.untold.remove(name)

    def look_for_commits(self, on: Installation, observer: Observer) -> None:
        """When the reader has said that it acknowledged something, ask the books what it was."""
        if not on.onlooker.acknowledged(WAIT):
            return
        now, published = time.perf_counter(), self._published
        waiting = {name: due for name, due in self.uncommitted.items() if due.place < published}
        tenants = [due.tenant for due in waiting.values()]
        customers = [due.customer for due in waiting.values()]
        for (name,) in observer.ask(COMMITTED, tenants, customers, list(waiting)):
            self.committed[name] = now
            del self.uncommitted[name]

    def latency(self, seen: dict[str, float]) -> Latency:
        """From when each message was due."""
        due, began = self.due, self._began
        return Latency.of(
            at - began - due[name].place / self.per_second for name, at in seen.items()
        )


def to_event(on: Installation, pace: Pace) -> Latency:
    """To the event alone, which costs the machine least to look at."""
    while on.subscriber.next_events(1.0):
        pass  # what was told before
    with _again_and_again(lambda: pace.look_for_events(on)):
        pace.publish(on)
        wait_for("the last event", lambda: not pace.untold, SECONDS_MAX)
    return pace.latency(pace.told)


def to_commit_and_event(on: Installation, pace: Pace) -> tuple[Latency, Latency]:
    """Both, at a pace that leaves the machine time for looking."""
    with ExitStack() as opened:
        observer = opened.enter_context(Observer(on.servers))
        look = _again_and_again(lambda: pace.look_for_commits(on, observer))
        opened.enter_context(look)
        told = to_event(on, pace)
        wait_for("the last commit", lambda: not pace.uncommitted, SECONDS_MAX)
    return pace.latency(pace.committed), told


@contextmanager
def _again_and_again(look: Callable[[], None]) -> Iterator[None]:
    """In a thread, from before the first message to after the last."""
    stop = Event()

    def run() -> None:
        while not stop.is_set():
            look()

    thread = Thread(target=run, daemon=True)
    thread.start()
    time.sleep(0.5)
    try:
        yield
    finally:
        stop.set()
        thread.join()
