"""R1, R2, R4: which grants pay which lines."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from domain.account import Account
from domain.bill import Invoice, Want
from domain.credit import Allocation, Grant
from domain.settings import TenantSettings, first_set
from domain.vocabulary import InvoiceStatus, Why


def spend(
    grants: Iterable[Grant], wants: Sequence[Want], at: datetime, limit: int
) -> tuple[Allocation, ...]:
    """What the grants, in the order given, pay of the wants, in line order; at most `limit`.

    A negative line is a discount: it takes no credit and leaves less to be paid by `limit`.
    """
    lots = ((grant, grant.remaining - grant.held) for grant in grants if grant.usable(at))
    return pay(lots, wants, limit)


def pay(
    lots: Iterable[tuple[Grant, int]], wants: Sequence[Want], limit: int
) -> tuple[Allocation, ...]:
    """Share out lots of credit, each a grant and how much of it there is, over the wants."""
    unpaid = [want for want in wants if want.amount > 0]
    allocations: list[Allocation] = []
    for grant, lot in lots:
        if limit <= 0 or not unpaid:
            break
        free, left = min(lot, limit), []
        for want in unpaid:
            amount = min(free, want.amount) if grant.pays(want.product) else 0
            if amount > 0:
                allocations.append(Allocation(grant.grant, want.line, amount))
                free, limit = free - amount, limit - amount
            if amount < want.amount:
                left.append(want._replace(amount=want.amount - amount))
        unpaid = left
    return tuple(allocations)


def named(grant: Grant, wants: Sequence[Want]) -> Sequence[Want]:
    """R4: naming a scoped grant says what a want without a product is for."""
    if not grant.scope:
        return wants
    product = grant.scope[0]
    return [want if want.product or want.line else want._replace(product=product) for want in wants]


def total(allocations: Iterable[Allocation]) -> int:
    """The sum of allocations, in minor units."""
    return sum(allocation.amount for allocation in allocations)


def obstacle(account: Account, invoice: Invoice, settings: TenantSettings) -> Why | None:
    """Why the invoice takes no credit by itself; R5: invoice over account over tenant."""
    if invoice.status is InvoiceStatus.VOID:
        return Why.VOIDED
    if invoice.status is not InvoiceStatus.OPEN:
        return Why.NOT_OPEN
    if invoice.due == 0:
        return Why.NOTHING_DUE
    if not first_set(invoice.auto_apply, account.settings.auto_apply, settings.auto_apply):
        return Why.AUTO_APPLY_OFF
    return None
