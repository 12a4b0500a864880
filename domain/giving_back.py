"""R13: credit goes back where it came from, in exactly the reverse order of use."""

from datetime import datetime

from domain.account import Account, Allocation, Invoice
from domain.decision import Draft, drafted
from domain.vocabulary import Kind


def give_back(account: Account, invoice: Invoice, at: datetime) -> tuple[Draft, ...]:
    """All that stands applied on the invoice goes back to its grants.

    What returns to a grant that has expired or is void goes on to expire or to be voided at once,
    in an entry of its own.
    """
    if not invoice.uses:
        return ()
    back = tuple(Allocation(use.grant, use.line, use.amount) for use in reversed(invoice.uses))
    reverses = tuple(sorted({use.seq for use in invoice.uses}))
    gone = [a for a in back if account.grants[a.grant].gone(at)]
    voided = tuple(a for a in gone if account.grants[a.grant].is_void)
    expired = tuple(a for a in gone if not account.grants[a.grant].is_void)
    return (
        Draft(Kind.REVERSAL, back, reverses),
        *drafted(Kind.EXPIRY, expired),
        *drafted(Kind.VOID, voided),
    )
