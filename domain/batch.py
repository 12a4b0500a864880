"""The fold: messages in arrival order, each deciding on what the one before has left.

Where a batch begins and ends changes nothing (R23): all that crosses from one message to the next
is in the accounts and the tenants' settings, and what leaves is one list for each kind of row.
"""

from collections.abc import Iterable

from domain.account import Account
from domain.changes import Changes, Key, State
from domain.decision import Instants
from domain.delivery import deliver, possible
from domain.digests import asked_text, context_text
from domain.expiry import end_holds
from domain.ledger import Occasion, Receipt
from domain.messages import Message
from domain.order import PROFILES
from domain.record import record
from domain.signals import signal
from domain.verbs import VERBS


def decide_batch(state: State, messages: Iterable[Message]) -> Changes:
    """Decide messages in order; the state is used up by it."""
    changes = Changes(state.now)
    for message in messages:
        account = state.accounts[message.account_id]
        key = Key(account.id, message.cause.source, message.cause.id)
        receipt = changes.receipts.get(key) or state.receipts.get(key)
        if receipt is None:
            _decide(state, account, key, message, changes)
        else:
            _seen_again(receipt, message, changes)
            if key not in changes.receipts:
                changes.seen_again[key] = receipt
    return changes


def _seen_again(receipt: Receipt, message: Message, changes: Changes) -> None:
    if receipt.digest == message.digests.body:
        receipt.repeats += 1
    else:
        receipt.conflicts += 1
        changes.conflicts.append(message)


def _decide(state: State, account: Account, key: Key, message: Message, changes: Changes) -> None:
    settings = state.settings_of(account)
    profile = PROFILES[settings.order]
    now = account.enter(state.now, profile.rank)
    business = message.body.business_time() or message.time
    at = Instants(now, min(now, max(business, now - settings.late_window)))
    told_before = account.event_seq
    if account.kept:
        end_holds(account, at, profile.label, changes)
    body = message.body
    decision = VERBS[message.cause.type][1](account, message, body, at, settings)
    if decision.departure is not None:
        decision = possible(state, account, decision.departure, decision, changes)
    occasion = Occasion(message.cause, at, profile.label, context_text(body), asked_text(body))
    entries = record(account, occasion, decision, changes)
    signal(account, occasion, settings, changes)
    changes.receipts[key] = Receipt.of(
        account,
        occasion,
        message.digests.body,
        decision,
        entries,
        told_before,
        message.attributes,
    )
    if decision.tenant is not None:
        state.settings[account.key.tenant] = decision.tenant
    if decision.departure is not None:
        deliver(state, account, decision.departure, at, changes)
