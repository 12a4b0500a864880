"""What time brings about by itself: the end of holds and grants, and word of it beforehand."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.account import Account
from domain.changes import Changes, State
from domain.credit import NEVER, Allocation, Grant
from domain.decision import Decision, Draft, Instants
from domain.events import grant_expiring
from domain.fields import rfc3339
from domain.holds import let_go
from domain.ledger import Occasion
from domain.messages import Cause
from domain.order import PROFILES
from domain.record import record
from domain.signals import signal
from domain.vocabulary import Kind

SOURCE = "scrip/expiry"
TYPE = "scrip.expiry"
HOLD_TYPE = "scrip.hold_expiry"


@dataclass(frozen=True, slots=True)
class Expiry:
    """One grant's remaining credit, expiring as of the grant's own instant."""

    cause: Cause
    expires_at: datetime
    allocation: Allocation


def expire_batch(state: State, notice: timedelta) -> Changes:
    """What is due on the accounts, each grant with an entry and an event of its own (R3).

    `notice` is how long before its end `grant.expiring` tells of a grant, once.
    """
    changes = Changes(state.now)
    for account in state.accounts.values():
        settings = state.settings_of(account)
        profile = PROFILES[settings.order]
        now = account.enter(state.now, profile.rank)
        over = now - settings.late_window
        end_holds(account, Instants(now, over), profile.label, changes)
        for expiry in due_expiries(account, over):
            decision = Decision(drafts=(Draft(Kind.EXPIRY, (expiry.allocation,)),))
            at = Instants(now, expiry.expires_at)
            occasion = Occasion(expiry.cause, at, profile.label, None)
            record(account, occasion, decision, changes)
            signal(account, occasion, settings, changes)
        _announce(account, now, notice, changes)
    return changes


def due_expiries(account: Account, over: datetime) -> list[Expiry]:
    """The grants to expire, oldest instant first.

    A row is written from exactly expires_at + late_window on: until then a late message may still
    spend the grant as of its own time (R3). Credit that a hold reserves does not expire (R17).
    """
    due = [
        (grant.ends, grant.seq, grant.grant, grant)
        for grant in account.in_order()
        if grant.ends <= over and grant.free > 0
    ]
    return [_expiry(grant, ends) for ends, _, _, grant in sorted(due)]


def end_holds(account: Account, at: Instants, order: str, changes: Changes) -> None:
    """End the holds whose time was over at t, as of their own instants (R17)."""
    for hold in account.holds_over(at.t):
        cause = Cause(SOURCE, f"{hold.name}@{rfc3339(hold.ends)}", HOLD_TYPE)
        occasion = Occasion(cause, Instants(at.now, hold.ends), order, None)
        record(account, occasion, let_go(account, hold), changes)


def _expiry(grant: Grant, expires_at: datetime) -> Expiry:
    cause = Cause(SOURCE, f"{grant.grant}@{rfc3339(expires_at)}", TYPE)
    return Expiry(cause, expires_at, Allocation(grant.grant, None, grant.free))


def _announce(account: Account, now: datetime, notice: timedelta, changes: Changes) -> None:
    for grant in account.in_order():
        if grant.ends == NEVER or grant.is_announced or grant.is_void:
            continue
        if now < grant.ends <= now + notice:
            grant.is_announced = True
            changes.accounts[account.id] = account
            changes.announced.append((account.id, grant.grant))
            changes.events.append(grant_expiring(account, grant, now))
