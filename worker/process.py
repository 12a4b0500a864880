"""The way of a batch: gather, decide, apply. Read this file first.

Five things can be wrong, and each has one answer:

- malformed: the codec says so, or nobody has declared the unit that it is in (units.py); the
  message goes to quarantine with its reason and raw bytes.
  So does one that the broker has given up.
- refused: an outcome like `applied`, with its receipt and its event.
- repeat or conflict: the receipt counts it; a conflict is quarantined too.
- transient: the caller tries the batch again; receipts make that harmless (I2).
- impossible: the batch is split until the culprit is alone, and that one is quarantined.
"""

import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from db.errors import LeaseLost, Transient
from db.values import Lease, Quarantined
from domain.batch import decide_batch
from domain.changes import Changes
from domain.events import message_quarantined
from domain.messages import Message
from domain.units import cuts
from domain.wanted import wanted
from worker.codec import Decode, Malformed, message_id
from worker.log import log
from worker.ports import BrokerError, Delivery, Store
from worker.signatures import to_keep
from worker.units import understood


@dataclass(slots=True)
class Batch:
    """Messages to be decided in one transaction, and those that cannot be understood."""

    messages: list[Message] = field(default_factory=list)
    aside: list[Quarantined] = field(default_factory=list)
    signatures: dict[bytes, str] = field(default_factory=dict)
    """What came beside the bytes, by the bytes; a message set aside keeps it for its redrive."""
    ignored: int = 0

    def parts(self, places: Iterable[int]) -> Iterator["Batch"]:
        """Batches that begin at these messages too; what is set aside goes with the first."""
        aside = self.aside
        for first, end in pairwise([0, *places, len(self.messages)]):
            yield Batch(self.messages[first:end], aside, self.signatures)
            aside = []

    def facts(self) -> dict[str, Any]:
        """For the log: how many messages, and the name of the first, which leads to the others."""
        facts: dict[str, Any] = {"messages": len(self.messages)}
        for first in self.messages[:1]:
            facts |= {**first.cause._asdict(), "account_id": first.account_id}
        return facts

    def signed(self, rows: Iterable[Quarantined]) -> list[Quarantined]:
        """The rows, each with the signature that its bytes came with."""
        return [row._replace(signature=to_keep(self.signatures.get(row.raw))) for row in rows]


def read_batch(deliveries: Iterable[Delivery], decode: Decode) -> Batch:
    """Parse deliveries; nothing that arrives can make this raise (R21)."""
    batch = Batch()
    for delivery in deliveries:
        parsed = decode(delivery.body, delivery.signature)
        if delivery.signature is not None:
            batch.signatures[delivery.body] = delivery.signature
        if delivery.given_up is not None:
            parsed = Malformed(delivery.given_up, message_id(parsed))
        if isinstance(parsed, Message):
            batch.messages.append(parsed)
        elif isinstance(parsed, Malformed):
            batch.aside.append(Quarantined(delivery.body, parsed.reason, parsed.message_id))
        else:
            batch.ignored += 1
    return batch


def process(batch: Batch, store: Store, lease: Lease | None) -> Changes:
    """Decide a batch and record it, all or nothing. Safe to run again with the same messages.

    A batch with messages in units that it declares itself has to be cut before them.
    """
    with store.transaction(lease) as transaction:
        messages, strange = understood(batch.messages, transaction)
        state = transaction.gather(wanted(messages))
        changes = decide_batch(state, messages)
        aside = batch.signed([*batch.aside, *strange, *map(_conflict, changes.conflicts)])
        changes.events.extend(
            message_quarantined(row.digest, row.reason, state.now) for row in aside
        )
        transaction.save(changes, aside)
    return changes


def settle(batch: Batch, store: Store, lease: Lease | None) -> None:
    """Process a batch so that no message in it can hold up the others.

    Raises Transient, OutcomeUnknown or LeaseLost: then nothing may be acknowledged.
    """
    for part in batch.parts(cuts(batch.messages)):
        _settle(part, store, lease)


def _settle(batch: Batch, store: Store, lease: Lease | None) -> None:
    try:
        process(batch, store, lease)
    except (Transient, LeaseLost, BrokerError):
        raise
    except Exception as error:
        if not batch.messages:
            raise
        if len(batch.messages) > 1:
            log.warning("batch split", **batch.facts(), error=place_of(error))
            for half in batch.parts([len(batch.messages) // 2]):
                _settle(half, store, lease)
            return
        log.error("impossible", **batch.facts(), error=place_of(error))
        aside = [*batch.aside, _culprit(batch.messages[0], error)]
        _settle(Batch(aside=aside, signatures=batch.signatures), store, lease)


def place_of(error: Exception) -> str:
    """Which error, and where; its text may quote the message, and payloads never reach a log."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"


def _conflict(message: Message) -> Quarantined:
    reason = "conflict: this id came before with another body; send the correction under a new id"
    return Quarantined(message.raw, reason, message.cause.id)


def _culprit(message: Message, error: Exception) -> Quarantined:
    reason = f"impossible: deciding it failed with {type(error).__name__}; this is a bug of scrip"
    return Quarantined(message.raw, reason, message.cause.id)
