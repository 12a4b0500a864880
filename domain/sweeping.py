"""R11: where it is asked for, a grant that comes pays the invoices that were open before it."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from domain.account import Account
from domain.bill import Invoice
from domain.credit import ALWAYS, Grant
from domain.decision import Draft, Told
from domain.settings import TenantSettings, first_set
from domain.spending import obstacle, pay, total
from domain.vocabulary import Kind, Why


class Swept(NamedTuple):
    """One application for each invoice that got something."""

    drafts: tuple[Draft, ...] = ()
    told: tuple[Told, ...] = ()


def sweep(
    account: Account,
    lots: Sequence[tuple[Grant, int]],
    at: datetime,
    settings: TenantSettings,
) -> Swept:
    """Pay open invoices, oldest issued first, with grants that come and with no other."""
    if not first_set(account.settings.apply_to_open_invoices, settings.apply_to_open_invoices):
        return Swept()
    brought = dict(lots)
    usable = (grant for grant in account.sort(brought) if grant.usable(at))
    left = {grant.grant: (grant, brought[grant]) for grant in usable}
    drafts, told = list[Draft](), list[Told]()
    for invoice in sorted(account.invoices.values(), key=_oldest_first):
        if obstacle(account, invoice, settings) is not None or not invoice.is_known:
            continue
        allocations = pay(left.values(), invoice.wants(), invoice.due)
        if total(allocations) == 0:
            continue
        for allocation in allocations:
            grant, amount = left[allocation.grant]
            left[allocation.grant] = (grant, amount - allocation.amount)
        drafts.append(Draft(Kind.APPLICATION, allocations, invoice))
        told.append(Told(invoice, Why.CREDITED))
    return Swept(tuple(drafts), tuple(told))


def _oldest_first(invoice: Invoice) -> tuple[datetime, str]:
    return invoice.issued_at or ALWAYS, invoice.invoice
