"""I9: what came in, decided again one by one at the stored instants, gives the same rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, NamedTuple

from domain.account import Account, TenantSettings
from domain.batch import decide_batch, expire_batch
from domain.changes import Key, State
from domain.expiry import SOURCE
from domain.ledger import Receipt
from domain.messages import Message
from domain.vocabulary import Outcome
from worker.memory.rows import AccountRow, AccountRows

COUNTERS = frozenset({"repeats", "conflicts"})
"""They tell of deliveries, not of messages, so no replay can give them."""


class Step(NamedTuple):
    """A message, or an expiry run, at its place in the account's history."""

    event_seq: int
    silent: bool
    now: datetime
    key: Key | None


class Told(NamedTuple):
    """An event as a subscriber received it."""

    text: str
    data: Mapping[str, Any]


def replay(
    rows: AccountRows,
    messages: Mapping[Key, Message],
    events: Sequence[Told],
    settings: dict[str, TenantSettings],
) -> Iterator[str]:
    """What differs, as sentences."""
    account, entries, told = Account(rows.id, rows.account.key), [], []
    accounts = {rows.id: account}
    for step in _steps(rows, events):
        state = State(step.now, accounts, settings=settings)
        if step.key is None:
            changes = expire_batch(state)
        else:
            changes = decide_batch(state, [messages[step.key]])
            if _row(changes.receipts[step.key]) != _row(rows.receipts[step.key]):
                yield f"I9: the receipt of {step.key.id} differs"
        entries += changes.entries
        told += changes.events
    if entries != rows.entries:
        yield "I9: the entries differ"
    if told != [event.text for event in events]:
        yield "I9, I11: the events differ"
    if AccountRow.of(account) != rows.account:
        yield "I9: the account's row differs"
    for name in ("grants", "invoices"):
        again, kept = getattr(account, name), getattr(rows, name)
        if {n: _row(row) for n, row in again.items()} != {n: _row(row) for n, row in kept.items()}:
            yield f"I9: the {name} differ"


def _steps(rows: AccountRows, events: Sequence[Told]) -> list[Step]:
    """The order in which things came about, read off the events that tell of them."""
    steps = [
        Step(receipt.event_seq, _silent(receipt), receipt.at.now, key)
        for key, receipt in rows.receipts.items()
    ]
    for _, data in events:
        if data.get("cause", {}).get("source") == SOURCE:
            now = rows.entries[data["seq_first"] - 1].recorded_at
            steps.append(Step(data["event_seq"], False, now, None))
    return sorted(steps, key=lambda step: step[:3])


def _silent(receipt: Receipt) -> bool:
    """Whether the message brought about no event, so that it shares another's place."""
    return (
        receipt.outcome is Outcome.APPLIED
        and receipt.seq_first is None
        and receipt.cause.type.startswith("credit.")
    )


def _row(row: Any) -> dict[str, Any]:
    names = (f.name for f in fields(row) if f.name not in COUNTERS and f.name != "details")
    return {name: getattr(row, name) for name in names}
