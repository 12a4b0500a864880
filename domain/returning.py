"""What credit that comes back brings about: its entry, and the end of what has no time left."""

from collections.abc import Sequence
from datetime import datetime

from domain.account import Account
from domain.bill import Invoice, Use
from domain.credit import Allocation
from domain.decision import Draft, drafted
from domain.giving_back import as_allocations
from domain.vocabulary import Kind


def give_back(
    account: Account, invoice: Invoice | None, uses: Sequence[Use], at: datetime
) -> tuple[Draft, ...]:
    """One reversal of the uses, newest first, and what follows from it at once (R13, R14)."""
    if not uses:
        return ()
    back = as_allocations(uses)
    reverses = tuple(sorted({use.seq for use in uses}))
    gone = [a for a in back if account.grants[a.grant].gone(at)]
    expired = tuple(a for a in gone if not account.grants[a.grant].is_void)
    return (
        Draft(Kind.REVERSAL, back, invoice, reverses),
        *drafted(Kind.EXPIRY, expired, invoice),
        *voided(account, invoice, back),
    )


def voided(
    account: Account, invoice: Invoice | None, back: Sequence[Allocation]
) -> tuple[Draft, ...]:
    """What has come back to void grants is voided at once (R13, R15)."""
    gone = tuple(a for a in back if account.grants[a.grant].is_void)
    return drafted(Kind.VOID, gone, invoice)
