"""Scheduled expiry: what a grant still holds when its time and the late window are over."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.account import Account, Allocation, Grant
from domain.fields import rfc3339
from domain.messages import Cause

SOURCE = "scrip/expiry"
TYPE = "scrip.expiry"


@dataclass(frozen=True, slots=True)
class Expiry:
    """One grant's remaining credit, expiring as of the grant's own instant."""

    cause: Cause
    expires_at: datetime
    allocation: Allocation


def due_expiries(account: Account, now: datetime, late_window: timedelta) -> list[Expiry]:
    """The grants to expire, oldest instant first.

    A row is written from exactly expires_at + late_window on: until then a late message may still
    spend the grant as of its own time (R3). Credit that a hold reserves does not expire (R17).
    """
    due = [
        (grant.expires_at, grant.seq, grant.grant, grant)
        for grant in account.in_order()
        if grant.expires_at is not None
        and grant.expires_at <= now - late_window
        and grant.remaining > grant.held
    ]
    return [_expiry(grant, expires_at) for expires_at, _, _, grant in sorted(due)]


def _expiry(grant: Grant, expires_at: datetime) -> Expiry:
    cause = Cause(SOURCE, f"{grant.grant}@{rfc3339(expires_at)}", TYPE)
    allocation = Allocation(grant.grant, None, grant.remaining - grant.held)
    return Expiry(cause, expires_at, allocation)
