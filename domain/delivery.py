"""R18: a transfer arrives by a derived message, decided before any other message is."""

from domain.account import Account
from domain.changes import Changes, Key, State
from domain.decision import Decision, Departure, Instants, refuse
from domain.expiry import end_holds
from domain.identity import NIL, AccountKey, account_id
from domain.ledger import Occasion, Receipt
from domain.money import BALANCE_MAX
from domain.order import PROFILES
from domain.record import record
from domain.signals import signal
from domain.transfers import cause_of, decide_arrival
from domain.vocabulary import Refusal


def possible(
    state: State, sender: Account, sent: Departure, decision: Decision, changes: Changes
) -> Decision:
    """The transfer, or its refusal where it could not arrive: what leaves comes in."""
    receiver = _receiver(state, sender, sent)
    key = Key(receiver.id, *cause_of(sender.id, sent.transfer)[:2])
    if key in changes.receipts or key in state.receipts:
        return refuse(Refusal.ID_CONFLICT)
    if receiver.balance + sum(lot.amount for lot in sent.lots) > BALANCE_MAX:
        return refuse(Refusal.BALANCE_LIMIT)
    return decision


def deliver(state: State, sender: Account, sent: Departure, at: Instants, changes: Changes) -> None:
    """Decide the arrival on the receiver's account, with a receipt of its own."""
    receiver = _receiver(state, sender, sent)
    settings = state.settings_of(receiver)
    profile = PROFILES[settings.order]
    now = receiver.enter(state.now, profile.rank)
    arrives = Instants(now, min(now, max(at.t, now - settings.late_window)))
    if receiver.kept:
        end_holds(receiver, arrives, profile.label, changes)
    told_before = receiver.event_seq
    arrival = decide_arrival(sender, receiver, sent, arrives, settings)
    occasion = Occasion(cause_of(sender.id, sent.transfer), arrives, profile.label, None)
    entries = record(receiver, occasion, arrival, changes)
    signal(receiver, occasion, settings, changes)
    changes.receipts[Key(receiver.id, *occasion.cause[:2])] = Receipt.of(
        receiver, occasion, NIL, arrival, entries, told_before
    )


def _receiver(state: State, sender: Account, sent: Departure) -> Account:
    tenant, _, currency = sender.key
    return state.accounts[account_id(AccountKey(tenant, sent.to_customer, currency))]
