"""What scrip publishes, as CloudEvents 1.0 JSON text.

Every event of an account carries the account's next `event_seq`, and its id follows from the two,
so a repeat has the same id and a jump shows a loss (I11, I12).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.account import Account, Invoice
from domain.fields import rfc3339
from domain.identity import event_id
from domain.ledger import Entry
from domain.messages import Cause
from domain.vocabulary import Refusal, Why

SOURCE = "scrip"

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def balance_changed(account: Account, cause: Cause, entries: Sequence[Entry], now: datetime) -> str:
    """The balance after the entries of one message."""
    first = entries[0]
    return _account_event(
        account,
        "credit.balance_changed",
        now,
        {
            "balance": account.balance,
            "available": account.available,
            "balance_before": first.balance - first.amount,
            "seq_first": first.seq,
            "seq_last": entries[-1].seq,
            "cause": cause._asdict(),
            "entries": [_entry(entry) for entry in entries],
        },
    )


def invoice_credited(
    account: Account, cause: Cause, invoice: Invoice, why: Why, now: datetime
) -> str:
    """How an invoice stands after a message, also when nothing was applied."""
    return _account_event(
        account,
        "invoice.credited",
        now,
        {
            "invoice": invoice.invoice,
            "amount_due": invoice.amount_due,
            "applied": invoice.applied,
            "due": invoice.due,
            "why": why,
            "cause": cause._asdict(),
        },
    )


def message_refused(account: Account, cause: Cause, reason: Refusal, now: datetime) -> str:
    """A business refusal (R21)."""
    told = {"source": cause.source, "id": cause.id, "type": cause.type, "reason": reason}
    return _account_event(account, "message.refused", now, told)


def message_quarantined(digest: str, reason: str, now: datetime) -> str:
    """A message that could not be understood or that conflicts: no account and no order."""
    data = {"reason": reason, "digest": digest}
    return _event(f"quarantine-{digest}", "message.quarantined", now, data)


def _account_event(account: Account, kind: str, now: datetime, told: Mapping[str, Any]) -> str:
    account.event_seq += 1
    data = {**account.key._asdict(), "event_seq": account.event_seq, **told}
    return _event(event_id(account.id, account.event_seq), kind, now, data)


def _event(event_id: str, kind: str, now: datetime, data: Mapping[str, Any]) -> str:
    return _encode(
        {
            "specversion": "1.0",
            "id": event_id,
            "source": SOURCE,
            "type": kind,
            "time": rfc3339(now),
            "datacontenttype": "application/json",
            "data": data,
        }
    )


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "kind": entry.kind,
        "amount": entry.amount,
        "balance": entry.balance,
        "invoice": entry.invoice,
        "reverses": entry.reverses,
        "allocations": [allocation._asdict() for allocation in entry.allocations],
    }
