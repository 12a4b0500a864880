"""A subscriber whose place in the events outlives every connection."""

from __future__ import annotations

import json
from threading import Event, Thread
from typing import Any

from tests.brokers.client import Client

WAIT = 0.2
KEPT = ("tenant", "customer", "event_seq", "digest")


class Subscriber:
    """Follows the events from the first one on, in a thread."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._client.follow()
        self._stop = Event()
        self._thread = Thread(target=self._read, name="subscriber", daemon=True)
        self.events: list[dict[str, Any]] = []
        self.repeats = 0
        self._ids: set[str] = set()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when all events have been read."""
        self._stop.set()
        self._thread.join()
        self._client.close()

    def _read(self) -> None:
        more = True
        while more or not self._stop.is_set():
            try:
                events = self._client.next_events(WAIT)
            except self._client.errors:
                self._stop.wait(0.1)
                continue
            more = bool(events)
            for event in events:
                self._keep(json.loads(event))

    def _keep(self, event: dict[str, Any]) -> None:
        data = {name: event["data"][name] for name in KEPT if name in event["data"]}
        self.events.append({"id": event["id"], "type": event["type"], "data": data})
        self.repeats += event["id"] in self._ids
        self._ids.add(event["id"])
