"""The promises, checked on what a simulation has left. Each finding begins with its number.

What an account's books can show by themselves is in `domain.invariants`. Here is the rest: what
was published against what was decided, and what was decided against what subscribers received.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from domain.books import Books
from domain.changes import Key
from domain.expiry import TYPE as EXPIRY
from domain.identity import AccountKey, Id128
from domain.invariants import violations
from domain.kept import Hold
from domain.ledger import Entry
from domain.messages import Cause, Message
from domain.vocabulary import Kind
from tests.simulation.checks_of_rules import arrivals, broken_rules
from tests.simulation.replay import Told, account_of, replay
from tests.simulation.world import World
from worker.codec import Codec
from worker.memory.rows import AccountRows
from worker.state import books_in_memory


def check(world: World) -> list[str]:
    """Everything that does not hold."""
    messages, books = _messages(world), list(books_in_memory(world.store))
    received, found = _received(world.received)
    found += [*_once(books, messages), *_quarantine(world), *_run_in_time(world)]
    arrived = _by_account(messages)
    for rows in world.store.accounts.values():
        if [key for key in rows.receipts if key in messages] != arrived[rows.id]:
            found.append(f"R22: {rows.account.key} was not decided in the order of arrival")
        found += [*_grown(world, rows), *_over_by_now(world, rows)]
        events = received.get(rows.account.key, [])
        if len(events) != rows.account.event_seq:
            found.append(f"I11: {len(events)} of {rows.account.event_seq} events came")
    broken = [violation for account in books for violation in violations(account)]
    found += [f"{one.promise}: {one.where} {one.what}" for one in broken]
    return [*found, *broken_rules(books)] or list(replay(world, messages, received))


def _messages(world: World) -> dict[Key, Message]:
    decode, messages = Codec().decode, {}
    for event in world.load.firsts:
        message = decode(json.dumps(event).encode())
        assert isinstance(message, Message), message
        messages[Key(message.account_id, message.cause.source, message.cause.id)] = message
    return messages


def _by_account(messages: Iterable[Key]) -> Mapping[Id128, list[Key]]:
    arrived = defaultdict(list)
    for key in messages:
        arrived[key.account_id].append(key)
    return arrived


def _once(books: Sequence[Books], messages: Mapping[Key, Message]) -> Iterator[str]:
    """I1, I2, I17: one outcome and one effect for each message, of the body that came first."""
    receipts = (receipt for account in books for receipt in account.receipts)
    kept = {Key(one.account_id, *one.cause[:2]): one for one in receipts}
    due = messages.keys() | arrivals(books).keys()
    if kept.keys() != due:
        lost, invented = due - kept.keys(), kept.keys() - due
        yield f"I1: {len(lost)} messages without an outcome, {len(invented)} outcomes without one"
    for key in kept.keys() & messages.keys():
        if kept[key].digest != messages[key].digests.body:
            yield f"I17: {key.id} was decided by its conflict"
    effects = Counter(_effect(entry) for account in books for entry in account.entries)
    for (_, cause, kind, _), number in effects.items():
        if number > 1 and cause.type != EXPIRY:
            yield f"I2: {cause.id} has {number} entries of kind {kind}"


def _effect(entry: Entry) -> tuple[Id128, Cause, Kind, str | None]:
    """What one message brings about once; what comes in may pay several invoices (R11)."""
    invoice = entry.invoice if entry.kind is Kind.APPLICATION else None
    return entry.account_id, entry.cause, entry.kind, invoice


def _quarantine(world: World) -> Iterator[str]:
    """I13: exactly the bad messages, once each."""
    rows, bad = world.store.quarantined.values(), world.load.bad
    if Counter(row.raw for row in rows) != Counter(bad):
        innocent = [f"{row.message_id}: {row.reason}" for row in rows if row.raw not in bad]
        yield f"I13: {len(rows)} in quarantine instead of {len(bad)}; {innocent[:1]}"


def _received(texts: Sequence[str]) -> tuple[Told, list[str]]:
    """I12: as a subscriber sees it who ignores event_seq <= last seen."""
    accounts: defaultdict[AccountKey, list[str]] = defaultdict(list)
    found = []
    for text in texts:
        event = json.loads(text)
        if event["type"] == "message.quarantined":
            continue
        seen = accounts[account_of(event)]
        place = event["data"]["event_seq"]
        if place > len(seen) + 1:
            found.append(f"I12: event {len(seen) + 1} was jumped over")
        elif place == len(seen) + 1:
            seen.append(text)
        elif seen[place - 1] != text:
            found.append(f"I12: event {place} came again with another content")
    return accounts, found[:1]


def _grown(world: World, rows: AccountRows) -> Iterator[str]:
    """I10: what was committed when the faults healed is still the beginning of the ledger."""
    witness = world.witnesses.get(rows.id)
    if witness and witness.seq and rows.entries[witness.seq - 1].hash != witness.head:
        yield f"I10: entry {witness.seq} is not what it was"


def _run_in_time(world: World) -> Iterator[str]:
    """I14: no expiry run comes before the late window that it has read is over."""
    for committed in world.journal:
        for account_id, key in committed.expired.items():
            window = committed.settings[key.tenant].late_window
            for entry in committed.entries:
                if entry.account_id == account_id and committed.now < entry.dated_at + window:
                    yield f"I14: {entry.cause.id} was written too early"


def _over_by_now(world: World, rows: AccountRows) -> Iterator[str]:
    """I14, R17: nor does it never come."""
    window = world.store.settings[rows.account.key.tenant].late_window
    over = world.clock.now() - window
    for grant in rows.grants.values():
        if grant.free and grant.ends <= over:
            yield f"I14: {grant.grant} has not expired"
    for kept in rows.kept.values():
        if isinstance(kept, Hold) and kept.is_open and kept.ends <= over:
            yield f"R17: {kept.name} has not ended"
