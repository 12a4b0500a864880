"""The published events, gathered from the stream and the outbox for `scrip verify --journal`."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from db.books import Snapshot
from domain.books import Violation
from domain.identity import Id128, account_id
from worker.cli.events_sequence import read_event
from worker.cli.events_stream import event_stream
from worker.cli.output import count, progress
from worker.journal import Journal
from worker.journal_events import instant_of
from worker.settings import Settings

_SEQ_MAX = 2**63 - 1


@dataclass(slots=True)
class Events:
    """What was read, and what is wrong with it at first sight; an account's last number each."""

    journal: Journal
    oldest: datetime | None = None
    quarantined: set[str] = field(default_factory=set)
    """Digests that message.quarantined has told of."""
    unreadable: int = 0
    _last: defaultdict[Id128, int] = field(default_factory=lambda: defaultdict(int))

    def take(self, entries: Iterable[bytes]) -> Iterator[Violation]:
        """Events in the order in which they were published."""
        rows = []
        for raw in entries:
            event = read_event(raw)
            if event is None or event.event_seq > _SEQ_MAX:
                self.unreadable += 1
                continue
            if self.oldest is None:
                self.oldest = instant_of(event.time)
            if event.key is None:
                self.quarantined.add(str(event.data.get("digest")))
                continue
            account, seq = account_id(event.key), event.event_seq
            rows.append((account, seq, raw))
            last = self._last[account]
            if last and seq > last + 1:
                where = f"event {seq} of {event.key.customer} in {event.key.currency}"
                yield Violation("I12", where, f"was published behind event {last}")
            self._last[account] = max(last, seq)
        for account, seq in self.journal.add_events(rows):
            what = f"was published twice, with different contents (account {account})"
            yield Violation("I12", f"event {seq}", what)


def read_events(
    chosen: Settings, seen: Snapshot, journal: Journal
) -> tuple[Events, datetime, list[Violation]]:
    """Everything published or waiting to be; the snapshot has to be older than this reading.

    With the instant before which events may have been trimmed.
    """
    events, wrong = Events(journal), list[Violation]()
    with event_stream(chosen) as stream, progress("{task.completed:,} events") as shown:
        task = shown.add_task("reading events", total=stream.length())
        for chunk in stream.kept():
            wrong += events.take(chunk.events)
            shown.update(task, completed=chunk.read)
    since = events.oldest or seen.now - chosen.events_keep
    for _, lines in seen.unsent():
        wrong += events.take(lines.split(b"\n"))
    if events.unreadable:
        what = f"{count(events.unreadable, 'entry', 'entries')} cannot be read as an event"
        wrong.append(Violation("I11", "stream", what))
    return events, since, wrong
