"""The way of a batch: gather, decide, apply. Read this file first.

Five things can be wrong, and each has one answer:

- malformed: the codec says so; the message goes to quarantine with its reason and raw bytes.
  So does one that the broker has given up.
- refused: an outcome like `applied`, with its receipt and its event.
- repeat or conflict: the receipt counts it; a conflict is quarantined too.
- transient: the caller tries the batch again; receipts make that harmless (I2).
- impossible: the batch is split until the culprit is alone, and that one is quarantined.
"""

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from db.errors import LeaseLost, Transient
from db.values import Lease, Quarantined
from domain.batch import decide_batch
from domain.changes import Changes
from domain.events import message_quarantined
from domain.messages import Message
from domain.wanted import wanted
from worker.codec import Ignored, Malformed
from worker.log import log
from worker.ports import BrokerError, Delivery, Store

Decode = Callable[[bytes], Message | Malformed | Ignored]


@dataclass(slots=True)
class Batch:
    """Messages to be decided in one transaction, and those that cannot be understood."""

    messages: list[Message] = field(default_factory=list)
    aside: list[Quarantined] = field(default_factory=list)
    ignored: int = 0

    def halves(self) -> tuple["Batch", "Batch"]:
        """The earlier and the later messages; what is set aside goes with the earlier."""
        middle = len(self.messages) // 2
        return Batch(self.messages[:middle], self.aside), Batch(self.messages[middle:])


def read_batch(deliveries: Iterable[Delivery], decode: Decode) -> Batch:
    """Parse deliveries; nothing that arrives can make this raise (R21)."""
    batch = Batch()
    for delivery in deliveries:
        parsed = decode(delivery.body)
        if delivery.given_up is not None:
            parsed = Malformed(delivery.given_up, _message_id(parsed))
        if isinstance(parsed, Message):
            batch.messages.append(parsed)
        elif isinstance(parsed, Malformed):
            batch.aside.append(Quarantined(delivery.body, parsed.reason, parsed.message_id))
        else:
            batch.ignored += 1
    return batch


def _message_id(parsed: Message | Malformed | Ignored) -> str | None:
    if isinstance(parsed, Message):
        return parsed.cause.id
    return parsed.message_id if isinstance(parsed, Malformed) else None


def process(batch: Batch, store: Store, lease: Lease | None) -> Changes:
    """Decide a batch and record it, all or nothing. Safe to run again with the same messages."""
    with store.transaction(lease) as transaction:
        state = transaction.gather(wanted(batch.messages))
        changes = decide_batch(state, batch.messages)
        aside = [*batch.aside, *map(_conflict, changes.conflicts)]
        changes.events.extend(
            message_quarantined(row.digest, row.reason, state.now) for row in aside
        )
        transaction.save(changes, aside)
    return changes


def settle(batch: Batch, store: Store, lease: Lease | None) -> None:
    """Process a batch so that no message in it can hold up the others.

    Raises Transient, OutcomeUnknown or LeaseLost: then nothing may be acknowledged.
    """
    try:
        process(batch, store, lease)
    except (Transient, LeaseLost, BrokerError):
        raise
    except Exception as error:
        if not batch.messages:
            raise
        if len(batch.messages) > 1:
            for half in batch.halves():
                settle(half, store, lease)
            return
        log.error("impossible", message=batch.messages[0].cause.id, error=_place(error))
        settle(Batch(aside=[*batch.aside, _culprit(batch.messages[0], error)]), store, lease)


def _place(error: Exception) -> str:
    """Which error, and where; its text may quote the message, and payloads never reach a log."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"


def _conflict(message: Message) -> Quarantined:
    reason = "conflict: this id came before with another body; send the correction under a new id"
    return Quarantined(message.raw, reason, message.cause.id)


def _culprit(message: Message, error: Exception) -> Quarantined:
    reason = f"impossible: deciding it failed with {type(error).__name__}; this is a bug of scrip"
    return Quarantined(message.raw, reason, message.cause.id)
