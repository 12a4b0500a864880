"""The promises, checked on what a simulation has left. Each finding begins with its number.

What an account's books can show by themselves is in `domain.invariants`. Here is the rest: what
was published against what was decided, and what was decided against what subscribers received.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from domain.books import Books
from domain.changes import Key
from domain.expiry import SOURCE
from domain.identity import AccountKey, Id128
from domain.invariants import violations
from domain.messages import Message
from tests.simulation.load import SETTINGS
from tests.simulation.replay import Told, replay
from tests.simulation.world import World
from worker.codec import Codec
from worker.memory.rows import AccountRows

Received = Mapping[AccountKey, Sequence[Told]]


def check(world: World) -> list[str]:
    """Everything that does not hold."""
    messages = _messages(world)
    received, found = _received(world.received)
    found += [*_once(world, messages), *_quarantine(world)]
    arrived = _by_account(messages)
    for rows in world.store.accounts.values():
        if list(rows.receipts) != arrived[rows.id]:
            found.append(f"R22: {rows.account.key} was not decided in the order of arrival")
        broken = violations(_books(rows))
        found += [f"{one.promise}: {one.where} {one.what}" for one in broken]
        found += [*_grown(world, rows), *_in_time(world, rows)]
        events = received.get(rows.account.key, [])
        if len(events) != rows.account.event_seq:
            found.append(f"I11: {len(events)} of {rows.account.event_seq} events came")
    if not found:
        for rows in world.store.accounts.values():
            events = received.get(rows.account.key, [])
            found += replay(rows, messages, events, SETTINGS)
    return found


def _books(rows: AccountRows) -> Books:
    account = rows.account
    return Books(
        key=account.key,
        account_id=rows.id,
        balance=account.balance,
        seq=account.seq,
        event_seq=account.event_seq,
        head=account.head,
        entries=rows.entries,
        grants=list(rows.grants.values()),
        invoices=list(rows.invoices.values()),
        receipts=list(rows.receipts.values()),
    )


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


def _once(world: World, messages: Mapping[Key, Message]) -> Iterator[str]:
    """I1, I2, I17: one outcome and one effect for each message, of the body that came first."""
    accounts = world.store.accounts.values()
    kept = {key: receipt for rows in accounts for key, receipt in rows.receipts.items()}
    if kept.keys() != messages.keys():
        lost, invented = messages.keys() - kept.keys(), kept.keys() - messages.keys()
        yield f"I1: {len(lost)} messages without an outcome, {len(invented)} outcomes without one"
    for key in kept.keys() & messages.keys():
        if kept[key].digest != messages[key].digests.body:
            yield f"I17: {key.id} was decided by its conflict"
    kinds = Counter((e.account_id, e.cause, e.kind) for rows in accounts for e in rows.entries)
    for (_, cause, kind), number in kinds.items():
        if number > 1:
            yield f"I2: {cause.id} has {number} entries of kind {kind}"


def _quarantine(world: World) -> Iterator[str]:
    """I13: exactly the bad messages, once each."""
    rows, bad = world.store.quarantined.values(), world.load.bad
    if Counter(row.raw for row in rows) != Counter(bad):
        innocent = [f"{row.message_id}: {row.reason}" for row in rows if row.raw not in bad]
        yield f"I13: {len(rows)} in quarantine instead of {len(bad)}; {innocent[:1]}"


def _received(texts: Sequence[str]) -> tuple[Received, list[str]]:
    """I12: as a subscriber sees it who ignores event_seq <= last seen."""
    accounts: defaultdict[AccountKey, list[Told]] = defaultdict(list)
    found = []
    for text in texts:
        event = json.loads(text)
        if event["type"] == "message.quarantined":
            continue
        data: dict[str, Any] = event["data"]
        seen = accounts[AccountKey(data["tenant"], data["customer"], data["currency"])]
        place = data["event_seq"]
        if place > len(seen) + 1:
            found.append(f"I12: event {len(seen) + 1} was jumped over")
        elif place == len(seen) + 1:
            seen.append(Told(text, data))
        elif seen[place - 1].text != text:
            found.append(f"I12: event {place} came again with another content")
    return accounts, found[:1]


def _grown(world: World, rows: AccountRows) -> Iterator[str]:
    """I10: what was committed when the faults healed is still the beginning of the ledger."""
    witness = world.witnesses.get(rows.id)
    if witness and witness.seq and rows.entries[witness.seq - 1].hash != witness.head:
        yield f"I10: entry {witness.seq} is not what it was"


def _in_time(world: World, rows: AccountRows) -> Iterator[str]:
    """I14: the expiry run comes neither before the late window is over nor never."""
    window = SETTINGS[rows.account.key.tenant].late_window
    for entry in rows.entries:
        if entry.cause.source == SOURCE and entry.recorded_at < entry.dated_at + window:
            yield f"I14: {entry.cause.id} was written too early"
    for grant in rows.grants.values():
        ends = grant.expires_at
        if grant.remaining and ends is not None and ends + window <= world.clock.now():
            yield f"I14: {grant.grant} has not expired"
