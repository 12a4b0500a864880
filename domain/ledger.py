"""The rows that a decision leaves behind, and the chain that shows tampering with them (I10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from domain.account import Account
from domain.credit import Allocation
from domain.decision import Decision, Draft, Instants
from domain.fields import rfc3339
from domain.identity import Id128
from domain.jsontext import json_encoder
from domain.messages import Cause
from domain.vocabulary import Kind, Outcome, Refusal


class Occasion(NamedTuple):
    """What an entry says of how it came about (I19)."""

    cause: Cause
    at: Instants
    order: str
    """Name and version of the order of use it was decided by (R1)."""
    context: str | None
    """What people said with the message (created_by, note, ...) as canonical JSON."""
    asked: str | None = None
    """What the message said of the credit to use (grant, product, ...), as canonical JSON."""


class Entry(NamedTuple):
    """One immutable ledger row. seq is 1..n; balance is the account's after it (I3)."""

    account_id: Id128
    seq: int
    kind: Kind
    amount: int
    """Signed minor units, never 0."""
    balance: int
    invoice: str | None
    allocations: tuple[Allocation, ...]
    reverses: tuple[int, ...]
    cause: Cause
    order: str
    recorded_at: datetime
    dated_at: datetime
    """The business time, or an expiring grant's own instant (R3)."""
    context: str | None
    asked: str | None
    hash: bytes = b""


def next_entry(account: Account, occasion: Occasion, draft: Draft, amount: int) -> Entry:
    """The entry that `Account.post` has just made room for, linked into the account's chain."""
    columns = (
        account.id,
        account.seq,
        draft.kind,
        amount,
        account.balance,
        draft.invoice.invoice if draft.invoice is not None else None,
        draft.allocations,
        draft.reverses,
        occasion.cause,
        occasion.order,
        occasion.at.now,
        occasion.at.t,
        occasion.context,
        occasion.asked,
    )
    account.head = _chained(account.head, columns)
    return Entry(*columns, account.head)


def chain_hash(entry: Entry, head: bytes) -> bytes:
    """SHA-256 over the hash before (32 zero bytes at first) and the columns as a JSON array."""
    return _chained(head, entry[:-1])


def _chained(head: bytes, columns: tuple[Any, ...]) -> bytes:
    return sha256(head + _encode(columns).encode()).digest()


_encode = json_encoder(ascii_only=True, default=rfc3339)


@dataclass(slots=True, eq=False)
class Receipt:
    """The stored outcome of a message (R20). Only the two counters ever change."""

    account_id: Id128
    cause: Cause
    digest: Id128
    outcome: Outcome
    reason: Refusal | None
    at: Instants
    seq_first: int | None = None
    seq_last: int | None = None
    event_seq: int = 0
    """The newest event that the message brought about; 0 for none."""
    attributes: Mapping[str, Any] | None = None
    repeats: int = 0
    conflicts: int = 0

    @classmethod
    def of(
        cls,
        account: Account,
        occasion: Occasion,
        digest: Id128,
        decision: Decision,
        entries: Sequence[Entry],
        told_before: int,
        attributes: Mapping[str, Any] | None = None,
    ) -> "Receipt":
        """What a decision came to, once its entries and events stand on the account.

        `told_before` is the account's event_seq before the message.
        """
        return cls(
            account_id=account.id,
            cause=occasion.cause,
            digest=digest,
            outcome=decision.outcome,
            reason=decision.reason,
            at=occasion.at,
            seq_first=entries[0].seq if entries else None,
            seq_last=entries[-1].seq if entries else None,
            event_seq=account.event_seq if account.event_seq > told_before else 0,
            attributes=attributes,
        )
