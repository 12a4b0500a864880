"""`scrip verify --journal`: the promises that need to know what was published.

The journal and the events are sorted by account in a temporary file (worker/journal.py). In memory
are one account's rows, messages and events at a time, or those of a group that transfers tie
together; what quarantine has of digests and reasons, and the digests of what waits on the intake.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from db.books import Snapshot
from db.history import configured, set_aside, standings, transferred, versions
from domain.books import Books, Violation
from domain.changes import Key
from worker import wiring, wiring_books
from worker.cli.installation import broker
from worker.cli.lines import reading
from worker.cli.output import count, progress
from worker.cli.verify_events import Events, read_events
from worker.cli.verify_findings import Found
from worker.journal import Journal, Said, Waiting
from worker.journal_events import Numbering, beyond, gaps
from worker.journal_groups import Groups
from worker.journal_order import Order, Placed, Settings
from worker.journal_outcomes import Decided, Outcomes, entries_of_repeats
from worker.journal_replay import Account, Replay
from worker.settings import Settings as Chosen

CHUNK_MESSAGES, CHUNK_BYTES = 1_000, 4_000_000

JOURNAL_PROMISES = (
    ("I1", "every message of the journal has one outcome, and every receipt is in the journal"),
    ("I2", "repeats and conflicts are counted, and had no second effect"),
    ("I9", "the journal's messages, decided again, give the same rows"),
    ("I11", "every event is on the stream or in the outbox"),
    ("I12", "events are numbered without gaps, in order, and say what the replay says"),
    ("I13", "quarantine holds exactly the malformed and the conflicting messages"),
)


class JournalCheck:
    """Takes the accounts of a snapshot one after the other, and the rest at the end."""

    def __init__(
        self,
        seen: Snapshot,
        journal: Journal,
        waiting: Waiting,
        events: tuple[Events, datetime],
        *,
        partial: bool,
    ) -> None:
        self._journal, self._partial, self._waiting = journal, partial, waiting
        self._events, self._since = events
        self._seen = seen
        self._standings = standings(seen)
        self._settings = Settings(versions(seen), configured(seen), journal.configured)
        self._groups: Groups[Account] = Groups((*journal.tied, *transferred(seen)))
        self._outcomes = Outcomes(set_aside(seen), waiting, partial=partial)
        self.checked: Counter[str] = Counter(
            {f"journal {name}": number for name, number in journal.counts.items()}
        )
        self._skipped = 0

    def look(self, books: Books) -> Iterator[Found]:
        """The next account; accounts that transfers tie together wait for each other."""
        account = Account(books, next(self._standings))
        for group in self._groups.add(books.account_id, account):
            yield from self._look_at(group)

    def end(self) -> Iterator[Found]:
        """What is left when all accounts have been looked at."""
        assert next(self._standings, None) is None, "one for each account"
        for group in self._groups.left():
            yield from self._look_at(group)
        for account, said in self._journal.accounts_unseen():
            for violation in self._outcomes.of_account(None, said, Decided()):
                yield violation, {"account_id": account}
        malformed = self._journal.malformed
        for violation in self._outcomes.of_quarantine(malformed):
            yield violation, {}
        for row in self._outcomes.bad(malformed):
            if row.since > self._since and row.digest not in self._events.quarantined:
                what = "no message.quarantined has told of it"
                yield Violation("I11", f"quarantine {row.digest}", what), {}

    def notes(self) -> Iterator[str]:
        """What was not checked, and why."""
        if self._waiting.count:
            waiting = count(self._waiting.count, "message")
            yield f"{waiting} on the intake: not checked is what else quarantine holds (I13)"
        if self._outcomes.taken_for_waiting:
            taken = count(self._outcomes.taken_for_waiting, "message")
            yield f"{taken} of the journal without an outcome: still on the intake"
        if self._outcomes.unexplained:
            receipts = count(self._outcomes.unexplained, "receipt")
            yield f"{receipts} not in the journal, which --partial allows"
        if self._skipped:
            accounts = count(self._skipped, "account")
            yield f"{accounts} not decided again (I9): the journal lacks some of their messages"

    def _look_at(self, group: list[Account]) -> Iterator[Found]:
        placed: dict[Key, Placed] = {}
        is_whole = True
        for account in group:
            said, decided = self._journal.said_of(account.books.account_id), Decided()
            about = account.books.key._asdict()
            for violation in self._of_account(account, said, decided):
                yield violation, about
            is_whole = is_whole and decided.is_whole
            for key, one in decided.said.items():
                placed[key] = Placed(self._journal.message(one), one.position)
        if is_whole:
            yield from self._replayed(group, placed)
        else:
            self._skipped += len(group)

    def _of_account(
        self, account: Account, said: list[Said], decided: Decided
    ) -> Iterator[Violation]:
        books = account.books
        yield from self._outcomes.of_account(books, said, decided)
        yield from entries_of_repeats(books)
        told = self._journal.told_of(books.account_id)
        yield from gaps(books, told, self._since)
        yield from beyond(books, told, self._seen.now)

    def _replayed(self, group: list[Account], placed: dict[Key, Placed]) -> Iterator[Found]:
        replay = Replay(group, self._settings)
        failure = replay.run(Order([account.books for account in group], placed).steps())
        if failure is not None:
            key, violation = failure
            yield violation, key._asdict()
            return
        self.checked["accounts decided again"] += len(group)
        for account in group:
            about = account.books.key._asdict()
            for violation in replay.differences(account):
                yield violation, about
            identity = account.books.account_id
            numbering = Numbering(account.books, self._journal.told_of(identity))
            for violation in numbering.differences(replay.brought[identity]):
                yield violation, about


def waiting_on_intake(chosen: Chosen) -> Waiting:
    """What has not been taken yet; to be asked before the snapshot is made.

    RabbitMQ shows the number only, and does not count what a running worker has in hand.
    """
    with broker(chosen) as opened:
        if wiring.is_amqp(wiring.broker_url(chosen)):
            backlog = opened.backlog()
            return Waiting(backlog, None) if backlog else Waiting()
        bodies: Counter[str] = Counter()
        after = None
        while deliveries := opened.read(after, CHUNK_MESSAGES, 0):
            bodies.update(sha256(delivery.body).hexdigest() for delivery in deliveries)
            after = deliveries[-1].id
        return Waiting(bodies.total(), bodies)


@contextmanager
def journal_check(
    file: Path, chosen: Chosen, seen: Snapshot, waiting: Waiting, *, partial: bool
) -> Iterator[tuple[JournalCheck, Iterable[Violation]]]:
    """Reads the events and the file; with what is wrong with the events as they lie there."""
    with Journal(wiring_books.codec(chosen)) as journal:
        events, since, wrong = read_events(chosen, seen, journal)
        with reading(file) as lines, progress("{task.fields[done]:,} messages") as shown:
            task, done = shown.add_task("reading the journal", total=lines.size, done=0), 0
            for chunk in lines.chunks(CHUNK_MESSAGES, CHUNK_BYTES):
                journal.read(chunk)
                done += len(chunk)
                shown.update(task, completed=lines.position, done=done)
        yield JournalCheck(seen, journal, waiting, (events, since), partial=partial), wrong
