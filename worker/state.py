"""The state of all accounts as plain data: what `scrip state` and `scrip simulate` both print.

Whatever the rows were read from, a database or memory, the same rows give the same data. All lists
are sorted (allocations stand in the order of use), and no instant or hash appears but those that
messages gave.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from operator import itemgetter
from typing import Any

from domain.bill import Invoice
from domain.books import Books
from domain.credit import Grant
from domain.fields import rfc3339
from domain.identity import AccountKey
from domain.kept import Hold
from domain.ledger import Entry, Receipt
from worker.memory.store import MemoryStore

Data = dict[str, Any]

_ACCOUNT = AccountKey._fields


def state_of(
    books: Iterable[Books], quarantined: Iterable[tuple[str | None, str]], now: datetime
) -> Data:
    """The state as of `now`, on which grants' states and what is available depend."""
    accounts: list[Data] = []
    invoices: list[Data] = []
    outcomes: list[Data] = []
    for account in books:
        name = account.key._asdict()
        ledger = [entry_data(entry) for entry in account.entries]
        accounts.append({**account_data(account, now), "ledger": ledger})
        invoices.extend({**name, **invoice_data(invoice)} for invoice in account.invoices)
        outcomes.extend({**name, **outcome_data(receipt)} for receipt in account.receipts)
    return {
        "accounts": sorted(accounts, key=itemgetter(*_ACCOUNT)),
        "invoices": sorted(invoices, key=itemgetter(*_ACCOUNT, "invoice")),
        "outcomes": sorted(outcomes, key=itemgetter(*_ACCOUNT, "source", "id")),
        "quarantined": [
            {"id": name, "reason": reason}
            for name, reason in sorted(quarantined, key=lambda row: (row[0] or "", row[1]))
        ],
    }


def account_data(account: Books, now: datetime) -> Data:
    """What an account holds, without its ledger."""
    grants = grants_at(account, now)
    return {
        **account.key._asdict(),
        "balance": account.balance,
        "available": sum(grant.free for grant in grants if grant.usable(now)),
        "grants": [
            _grant_data(grant, now) for grant in sorted(grants, key=lambda grant: grant.grant)
        ],
    }


def grants_at(account: Books, now: datetime) -> list[Grant]:
    """The grants without what holds reserve whose time is over, though nothing has ended them yet.

    R17: such a hold reserves nothing; it ends with the account's next message or expiry run.
    """
    over = Counter[str]()
    for hold in account.kept:
        if isinstance(hold, Hold) and hold.is_open and hold.ends <= now:
            over.update({lot.grant: lot.amount for lot in hold.lots})
    return [
        replace(grant, held=grant.held - over[grant.grant]) if over[grant.grant] else grant
        for grant in account.grants
    ]


def entry_data(entry: Entry) -> Data:
    """A ledger row, without the instants at which it was decided."""
    return {
        "seq": entry.seq,
        "kind": entry.kind,
        "amount": entry.amount,
        "balance": entry.balance,
        "invoice": entry.invoice,
        "reverses": list(entry.reverses),
        "allocations": [allocation._asdict() for allocation in entry.allocations],
        "cause": entry.cause._asdict(),
    }


def books_in_memory(store: MemoryStore) -> Iterator[Books]:
    """The books of a store in memory."""
    for account_id, rows in store.accounts.items():
        account = rows.account
        yield Books(
            key=account.key,
            account_id=account_id,
            balance=account.balance,
            seq=account.seq,
            event_seq=account.event_seq,
            head=account.head,
            entries=rows.entries,
            grants=list(rows.grants.values()),
            invoices=list(rows.invoices.values()),
            receipts=list(rows.receipts.values()),
            kept=list(rows.kept.values()),
            amendments=[amended.amendment for amended in rows.amendments],
        )


def _grant_data(grant: Grant, now: datetime) -> Data:
    return {
        "grant": grant.grant,
        "amount": grant.amount,
        "remaining": grant.remaining,
        "used": grant.used,
        "expired": grant.expired,
        "voided": grant.voided,
        "moved": grant.moved,
        "held": grant.held,
        "state": grant.state(now),
        "priority": grant.priority,
        "category": grant.category,
        "effective_at": rfc3339(grant.effective_at) if grant.effective_at else None,
        "expires_at": rfc3339(grant.expires_at) if grant.expires_at else None,
        "scope": list(grant.scope),
        "external_id": grant.external_id,
    }


def invoice_data(invoice: Invoice) -> Data:
    """An invoice in the one shape, without its account."""
    return {
        "invoice": invoice.invoice,
        "amount_due": invoice.amount_due,
        "applied": invoice.applied,
        "due": invoice.due,
        "status": invoice.status,
    }


def outcome_data(receipt: Receipt) -> Data:
    """A receipt in the one shape, without its account."""
    return {
        **receipt.cause._asdict(),
        "outcome": receipt.outcome,
        "reason": receipt.reason,
        "repeats": receipt.repeats,
        "conflicts": receipt.conflicts,
    }
