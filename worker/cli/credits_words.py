"""Words of a billing system's API for credits, and what they are here.

A message is decided whole in one transaction, so none of the states before `posted` are ever seen.
"""

from datetime import datetime

from db.look_ups import Credit, ShortfallCredit
from domain.books import Books
from domain.fields import rfc3339
from domain.vocabulary import Kind
from worker.cli.ledger_rows import said
from worker.state import Data, entry_data

TYPES = {
    Kind.GRANT: "payment",
    Kind.TRANSFER_IN: "payment",
    Kind.APPLICATION: "creditDistribution",
    Kind.DEDUCTION: "disbursement",
    Kind.TRANSFER_OUT: "disbursement",
    Kind.WRITEOFF_APPLICATION: "shortfallWriteOff",
}
STATES = {
    "payment": "posted",
    "creditDistribution": "executed",
    "disbursement": "executed",
    "shortfallWriteOff": "distributed",
}
"""What each type is while it stands; each is `reversed` when nothing of it does."""

REVERSED = "reversed"


def credit_data(account: Books, credit: Credit, *, extended: bool) -> Data:
    """A credit under that API's names; amount in minor units."""
    entry, kind = credit.entry, TYPES[credit.entry.kind]
    taken = credit.taken_by if credit.is_reversed else None
    why = said(taken) if taken else {}
    data = {
        "locator": credit.writeoff or f"{account.account_id}-{entry.seq}",
        "creditState": REVERSED if credit.is_reversed else STATES[kind],
        "creditType": kind,
        "currency": account.key.currency,
        "amount": abs(entry.amount),
        "createdAt": rfc3339(entry.recorded_at),
        "accountLocator": account.account_id,
        "realizedAt": rfc3339(entry.recorded_at),
        "reversedAt": rfc3339(taken.recorded_at) if taken else None,
        "reversalReason": why.get("reason") or why.get("note"),
    }
    if extended:
        data |= {**entry_data(entry), "amount": abs(entry.amount), "reversedAmount": credit.back}
    return data


def shortfall_data(account: Books, writeoff: ShortfallCredit, *, extended: bool) -> Data:
    """A write-off under that API's names; amounts in minor units."""
    kind = TYPES[Kind.WRITEOFF_APPLICATION]
    author = writeoff.created_by or {}
    target = {"invoice": writeoff.invoice, "line": writeoff.line, "amount": writeoff.amount}
    data = {
        "locator": writeoff.name,
        "creditType": kind,
        "shortfallCreditState": REVERSED if writeoff.is_reversed else STATES[kind],
        "currency": account.key.currency,
        "amount": writeoff.amount,
        "createdAt": rfc3339(writeoff.recorded_at),
        "createdBy": author.get("id"),
        "accountLocator": account.account_id,
        "targets": [target],
        "parentCreditLocator": writeoff.parent,
        "reversalReason": writeoff.reversal_reason,
    }
    if extended:
        data |= {
            "reversedAt": _instant(writeoff.reversed_at),
            "plan": writeoff.plan,
            "seq": writeoff.seq,
        }
    return data


def _instant(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None
