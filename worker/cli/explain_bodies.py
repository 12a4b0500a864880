"""The message behind an entry, put together again.

The ledger keeps what was decided and not what was asked; the rest follows from the grant and the
invoice as they are stored. A new message kind is one more case here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from domain.account import Grant, Invoice
from domain.deductions import DeductCredit
from domain.grants import GrantCredit
from domain.identity import AccountKey
from domain.invoices import InvoiceCreated
from domain.ledger import Entry
from domain.messages import Body
from domain.voids import InvoiceVoided


@dataclass(frozen=True, slots=True)
class Stored:
    """An account's grants and invoices as they are now, by id."""

    grants: Mapping[str, Grant]
    invoices: Mapping[str, Invoice]


def bodies(key: AccountKey, entry: Entry, stored: Stored) -> Iterator[Body]:
    """What may have been asked, the most likely first; nothing for an unknown type of message."""
    used = [stored.grants[a.grant] for a in entry.allocations if a.grant in stored.grants]
    invoice = stored.invoices.get(entry.invoice or "")
    match entry.cause.type:
        case "credit.grant":
            yield from (_granted(key, entry, grant) for grant in used)
        case "credit.deduct":
            yield from _deducted(key, entry, used)
        case "invoice.created" if invoice is not None:
            yield _created(key, invoice)
        case "invoice.voided" if invoice is not None:
            yield InvoiceVoided(**key._asdict(), invoice=invoice.invoice)


def _granted(key: AccountKey, entry: Entry, grant: Grant) -> GrantCredit:
    return GrantCredit(
        **key._asdict(),
        amount=entry.amount,
        grant=grant.grant,
        category=grant.category,
        priority=grant.priority,
        effective_at=grant.effective_at,
        expires_at=grant.expires_at,
        scope=grant.scope,
    )


def _created(key: AccountKey, invoice: Invoice) -> InvoiceCreated:
    return InvoiceCreated(
        **key._asdict(),
        invoice=invoice.invoice,
        amount_due=invoice.amount_due,
        auto_apply=True,
        lines=invoice.lines,
    )


def _deducted(key: AccountKey, entry: Entry, used: Sequence[Grant]) -> Iterator[DeductCredit]:
    """An entry does not tell which product or grant its message named; nothing named comes first.

    A product, if one was named, is in the scopes of all the scoped grants that were used.
    """
    asked = DeductCredit(**key._asdict(), amount=-entry.amount)
    yield asked
    scopes = [grant.scope for grant in used if grant.scope]
    for product in scopes[0] if scopes else ():
        if all(product in scope for scope in scopes):
            yield replace(asked, product=product)
    if len(used) == 1:
        yield replace(asked, grant=used[0].grant)
