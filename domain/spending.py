"""R1, R2, R4: which grants pay which lines."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from domain.account import Allocation, Grant


class Want(NamedTuple):
    """A line to be paid; a whole invoice or deduction without lines is one want without a line."""

    line: str | None
    product: str | None
    amount: int


def spend(
    grants: Iterable[Grant], wants: Sequence[Want], at: datetime, limit: int
) -> tuple[Allocation, ...]:
    """What the grants, in the order given, pay of the wants, in line order; at most `limit`.

    A negative line is a discount: it takes no credit and leaves less to be paid by `limit`.
    """
    unpaid = [want for want in wants if want.amount > 0]
    allocations: list[Allocation] = []
    for grant in grants:
        if limit <= 0 or not unpaid:
            break
        if not grant.usable(at):
            continue
        free, left = min(grant.remaining - grant.held, limit), []
        for want in unpaid:
            amount = min(free, want.amount) if grant.pays(want.product) else 0
            if amount > 0:
                allocations.append(Allocation(grant.grant, want.line, amount))
                free, limit = free - amount, limit - amount
            if amount < want.amount:
                left.append(want._replace(amount=want.amount - amount))
        unpaid = left
    return tuple(allocations)
