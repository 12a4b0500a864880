"""The one shape of `simulate --json` and `state --json`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.reference.book import Account, Data, Grant
from tests.reference.using import available

KEY = ("tenant", "customer", "currency")


def written(instant: datetime | None) -> str | None:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z") if instant else None


def standing(grant: Grant, now: datetime) -> str:
    if grant.voided:
        return "voided"
    if grant.expired(now):
        return "expired"
    if not grant.remaining:
        return "depleted"
    return "pending" if grant.effective_at and grant.effective_at > now else "active"


def grant(lot: Grant, now: datetime) -> Data:
    return {
        "grant": lot.id,
        "amount": lot.amount,
        "remaining": lot.remaining,
        "state": standing(lot, now),
        "priority": lot.priority,
        "category": lot.category,
        "expires_at": written(lot.expires_at),
    }


def account(one: Account, now: datetime) -> Data:
    return {
        "balance": one.balance,
        "available": available(one, now),
        "grants": [grant(lot, now) for _, lot in sorted(one.grants.items())],
        "ledger": one.entries,
    }


def invoices(one: Account) -> list[Data]:
    return [
        {
            "invoice": i.id,
            "amount_due": i.amount_due,
            "applied": i.applied(),
            "due": i.due(),
            "status": i.status,
        }
        for _, i in sorted(one.invoices.items())
    ]


def outcomes(one: Account) -> list[Data]:
    return [
        {
            "source": source,
            "id": name,
            "type": r.type,
            "outcome": r.outcome,
            "reason": r.reason,
            "repeats": r.repeats,
            "conflicts": r.conflicts,
        }
        for (source, name), r in sorted(one.receipts.items())
    ]


def state(accounts: list[Account], now: datetime) -> dict[str, list[Any]]:
    shown: dict[str, list[Any]] = {"accounts": [], "invoices": [], "outcomes": []}
    for one in sorted(accounts, key=lambda a: a.key):
        names = dict(zip(KEY, one.key, strict=True))
        at = max(now, one.clock)
        shown["accounts"].append({**names, **account(one, at)})
        shown["invoices"] += [{**names, **invoice} for invoice in invoices(one)]
        shown["outcomes"] += [{**names, **outcome} for outcome in outcomes(one)]
    return shown
