"""The fold: messages in arrival order, each deciding on what the one before has left.

Where a batch begins and ends changes nothing (R23): all that crosses from one message to the next
is in the accounts, and what leaves is one list for each kind of row.
"""

from collections.abc import Iterable

from domain.account import Account
from domain.changes import Changes, Key, State
from domain.decision import Decision, Draft, Instants
from domain.digests import context_text
from domain.expiry import due_expiries
from domain.ledger import Occasion, Receipt
from domain.messages import Message
from domain.order import PROFILES
from domain.record import record
from domain.verbs import VERBS
from domain.vocabulary import Kind


def decide_batch(state: State, messages: Iterable[Message]) -> Changes:
    """Decide messages in order; the state is used up by it."""
    changes = Changes(state.now)
    for message in messages:
        account = state.accounts[message.account_id]
        key = Key(account.id, message.cause.source, message.cause.id)
        receipt = changes.receipts.get(key) or state.receipts.get(key)
        if receipt is None:
            changes.receipts[key] = _decide(state, account, message, changes)
        else:
            _seen_again(receipt, message, changes)
            if key not in changes.receipts:
                changes.seen_again[key] = receipt
    return changes


def expire_batch(state: State) -> Changes:
    """Expire what is due on the accounts, each grant with an entry and an event of its own (R3)."""
    changes = Changes(state.now)
    for account in state.accounts.values():
        settings = state.settings_of(account)
        profile = PROFILES[settings.order]
        now = account.enter(state.now, profile.rank)
        for expiry in due_expiries(account, now, settings.late_window):
            decision = Decision(drafts=(Draft(Kind.EXPIRY, (expiry.allocation,)),))
            at = Instants(now, expiry.expires_at)
            record(account, Occasion(expiry.cause, at, profile.label, None), decision, changes)
    return changes


def _seen_again(receipt: Receipt, message: Message, changes: Changes) -> None:
    if receipt.digest == message.digests.body:
        receipt.repeats += 1
    else:
        receipt.conflicts += 1
        changes.conflicts.append(message)


def _decide(state: State, account: Account, message: Message, changes: Changes) -> Receipt:
    settings = state.settings_of(account)
    profile = PROFILES[settings.order]
    now = account.enter(state.now, profile.rank)
    business = message.body.business_time() or message.time
    at = Instants(now, min(now, max(business, now - settings.late_window)))
    _, decide = VERBS[message.cause.type]
    decision = decide(account, message, message.body, at, settings)
    told_before = account.event_seq
    occasion = Occasion(message.cause, at, profile.label, context_text(message.body))
    entries = record(account, occasion, decision, changes)
    return Receipt(
        account_id=account.id,
        cause=message.cause,
        digest=message.digests.body,
        outcome=decision.outcome,
        reason=decision.reason,
        at=at,
        seq_first=entries[0].seq if entries else None,
        seq_last=entries[-1].seq if entries else None,
        event_seq=account.event_seq if account.event_seq > told_before else 0,
        attributes=message.attributes,
    )
