"""How long one message takes at a quiet pace: from its publishing to its commit and its event."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread

from tests.benchmarks.installation import Installation
from tests.end_to_end.outsider import Observer, wait_for

WAIT = 0.2

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
    def of(cls, seconds: list[float]) -> Latency:
        ordered = sorted(seconds)
        return cls(*(round(1_000 * ordered[int(len(ordered) * part)], 2) for part in (0.5, 0.99)))

    def told(self) -> str:
        return f"p50 {self.p50_ms} ms, p99 {self.p99_ms} ms"


class Seen:
    """When each message was published, committed and told, by its id."""

    def __init__(self) -> None:
        self.published: dict[str, float] = {}
        self.committed: dict[str, float] = {}
        self.told: dict[str, float] = {}
        self.uncommitted: dict[str, tuple[str, str]] = {}
        """The account's tenant and customer."""

    def publish(self, on: Installation, message: bytes) -> None:
        event = json.loads(message)
        name, data = event["id"], event["data"]
        if name not in self.published:
            self.uncommitted[name] = (data["tenant"], data["customer"])
            self.published[name] = time.perf_counter()
            on.client.publish(message)

    def look_for_events(self, on: Installation) -> None:
        events, now = on.subscriber.next_events(WAIT), time.perf_counter()
        for event in events:
            data = json.loads(event)["data"]
            self.told.setdefault(data["cause"]["id"] if "cause" in data else data.get("id"), now)

    def look_for_commits(self, on: Installation, observer: Observer) -> None:
        """When the reader has said that it acknowledged something, ask the books what it was."""
        if not on.onlooker.acknowledged(WAIT):
            return
        now, waiting = time.perf_counter(), dict(self.uncommitted)
        tenants, customers = zip(*waiting.values(), strict=True) if waiting else ((), ())
        for (name,) in observer.ask(COMMITTED, list(tenants), list(customers), list(waiting)):
            self.committed[name] = now
            del self.uncommitted[name]


def latencies(on: Installation, messages: list[bytes], per_second: int) -> tuple[Latency, Latency]:
    """To the commit and to the event, of messages published at an even pace."""
    while on.subscriber.next_events(1.0):
        pass  # what was told before
    seen = Seen()
    with (
        Observer(on.servers) as observer,
        _again_and_again(lambda: seen.look_for_events(on)),
        _again_and_again(lambda: seen.look_for_commits(on, observer)),
    ):
        began = time.perf_counter()
        for number, message in enumerate(messages):
            time.sleep(max(0.0, began + number / per_second - time.perf_counter()))
            seen.publish(on, message)
        wait_for("the last commit", lambda: not seen.uncommitted, 30)
        wait_for("an empty outbox", lambda: not on.observer.count("outbox"), 30)
        time.sleep(0.5)
    return _between(seen.published, seen.committed), _between(seen.published, seen.told)


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


def _between(published: dict[str, float], seen: dict[str, float]) -> Latency:
    return Latency.of([seen[name] - at for name, at in published.items() if name in seen])
