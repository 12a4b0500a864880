"""From a decision to its rows: the entries, what they moved, and the events that tell of it."""

from collections.abc import Iterable

from domain import events
from domain.account import Account
from domain.bill import Invoice
from domain.changes import Amended, Changes
from domain.credit import Allocation
from domain.decision import Decision, Draft
from domain.kept import Spent
from domain.ledger import Entry, Occasion, next_entry
from domain.vocabulary import Outcome


def record(
    account: Account, occasion: Occasion, decision: Decision, changes: Changes
) -> list[Entry]:
    """Carry the decision out on the account and note every change; returns the new entries."""
    changes.accounts[account.id] = account
    for grant in decision.grants:
        account.grants[grant.grant] = grant
        changes.new_grants[account.id, grant.grant] = grant
    for invoice, _ in decision.told:
        _take_invoice(account, invoice, decision, changes)
    if decision.freed:
        account.reserve(decision.freed, -1)
        _note_grants(account, decision.freed, changes)
    if decision.ended is not None:
        account.end(decision.ended)
        changes.grants[account.id, decision.ended.grant] = decision.ended
    entries = [_post(account, occasion, draft, changes) for draft in decision.drafts]
    changes.entries.extend(entries)
    if decision.reserved:
        account.reserve(decision.reserved, 1)
        _note_grants(account, decision.reserved, changes)
    _keep(account, occasion, decision, changes)
    changes.events.extend(_told(account, occasion, decision, entries))
    return entries


def _take_invoice(account: Account, invoice: Invoice, decision: Decision, changes: Changes) -> None:
    known, key = account.invoices.get(invoice.invoice), (account.id, invoice.invoice)
    account.invoices[invoice.invoice] = invoice
    if known is None or key in changes.new_invoices:
        changes.new_invoices[key] = invoice
    elif known is not invoice or decision.drafts:
        changes.invoices[key] = invoice


def _note_grants(account: Account, allocations: Iterable[Allocation], changes: Changes) -> None:
    for allocation in allocations:
        key = (account.id, allocation.grant)
        if key not in changes.new_grants:
            changes.grants[key] = account.grants[allocation.grant]


def _post(account: Account, occasion: Occasion, draft: Draft, changes: Changes) -> Entry:
    kind, allocations, invoice, reverses = draft
    amount = account.post(kind, invoice, allocations, reverses)
    _note_grants(account, allocations, changes)
    if (
        account.kept and (Spent, account.seq) in account.kept
    ):  # a message behind this one names the entry
        name = invoice.invoice if invoice is not None else None
        account.kept[Spent, account.seq] = Spent(account.seq, kind, name, allocations)
    return next_entry(account, occasion, draft, amount)


def _keep(account: Account, occasion: Occasion, decision: Decision, changes: Changes) -> None:
    """What moves no money: names that are taken now, terms and settings."""
    for kept in decision.kept:
        account.kept[type(kept), kept.name] = kept
        changes.kept[type(kept), account.id, kept.name] = kept
    if decision.amendment is not None:
        grant = account.amend(decision.amendment)
        grant.is_announced = False
        changes.amended.append(Amended(account.id, decision.amendment, occasion))
    if decision.account is not None:
        account.settings = decision.account
        changes.configured[account.id] = account
    if decision.tenant is not None:
        changes.tenants.append((account.key.tenant, decision.tenant))


def _told(
    account: Account, occasion: Occasion, decision: Decision, entries: list[Entry]
) -> list[str]:
    """One event for the balance and one for each invoice, or one for the refusal."""
    told, cause, now = [], occasion.cause, occasion.at.now
    if entries:
        told.append(events.balance_changed(account, cause, entries, now))
    for invoice, why in decision.told:
        told.append(events.invoice_credited(account, cause, invoice, why, now))
    if decision.outcome is Outcome.REFUSED and decision.reason is not None:
        told.append(events.message_refused(account, cause, decision.reason, now))
    return told
