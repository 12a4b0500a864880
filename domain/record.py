"""From a decision to its rows: the entries, what they moved, and the events that tell of it."""

from domain import events
from domain.account import Account
from domain.changes import Changes
from domain.decision import Decision, Draft
from domain.ledger import Entry, Occasion, next_entry
from domain.vocabulary import Outcome


def record(
    account: Account, occasion: Occasion, decision: Decision, changes: Changes
) -> list[Entry]:
    """Carry the decision out on the account and note every change; returns the new entries."""
    changes.accounts[account.id] = account
    if decision.grant is not None:
        account.grants[decision.grant.grant] = decision.grant
        changes.new_grants[account.id, decision.grant.grant] = decision.grant
    _take_invoice(account, decision, changes)
    entries = [_post(account, occasion, decision, draft, changes) for draft in decision.drafts]
    changes.entries.extend(entries)
    changes.events.extend(_told(account, occasion, decision, entries))
    return entries


def _take_invoice(account: Account, decision: Decision, changes: Changes) -> None:
    invoice = decision.invoice
    if invoice is None:
        return
    known, key = account.invoices.get(invoice.invoice), (account.id, invoice.invoice)
    account.invoices[invoice.invoice] = invoice
    if known is None or key in changes.new_invoices:
        changes.new_invoices[key] = invoice
    elif known is not invoice or decision.drafts:
        changes.invoices[key] = invoice


def _post(
    account: Account, occasion: Occasion, decision: Decision, draft: Draft, changes: Changes
) -> Entry:
    invoice = decision.invoice
    amount = account.post(draft.kind, invoice, draft.allocations)
    for allocation in draft.allocations:
        key = (account.id, allocation.grant)
        if key not in changes.new_grants:
            changes.grants[key] = account.grants[allocation.grant]
    name = invoice.invoice if invoice is not None else None
    return next_entry(
        account, occasion, draft.kind, amount, draft.allocations, name, draft.reverses
    )


def _told(
    account: Account, occasion: Occasion, decision: Decision, entries: list[Entry]
) -> list[str]:
    """One event for the balance and one for the invoice, or one for the refusal."""
    told, cause, now = [], occasion.cause, occasion.at.now
    if entries:
        told.append(events.balance_changed(account, cause, entries, now))
    if decision.why is not None and decision.invoice is not None:
        invoice, why = decision.invoice, decision.why
        told.append(events.invoice_credited(account, cause, invoice, why, now))
    if decision.outcome is Outcome.REFUSED and decision.reason is not None:
        told.append(events.message_refused(account, cause, decision.reason, now))
    return told
