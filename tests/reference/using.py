"""What may be used, what a use takes, and how it comes back (R1, R2, R4, R13, R14)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tests.reference.book import BALANCE_MAX, Account, Grant, Invoice, Line, Now, Refused, Use
from tests.reference.order import in_order

Part = tuple[Grant, str | None, int]
"""Grant, invoice line, amount."""
Picked = Sequence[tuple[Use, int]]
"""What of each use goes back."""


def reserved(account: Account, grant: Grant, t: datetime) -> int:
    holds = [hold for hold in account.holds.values() if hold.reserves(t)]
    return sum(amount for hold in holds for lot, amount in hold.parts if lot is grant)


def usable(account: Account, grant: Grant, t: datetime) -> int:
    """R2; a hold that the account has once seen over stays over, also for a late message."""
    begun = grant.effective_at is None or grant.effective_at <= t
    if not grant.remaining or grant.voided or not begun or grant.expired(t):
        return 0
    return grant.remaining - reserved(account, grant, max(t, account.business))


def available(account: Account, now: datetime) -> int:
    return sum(usable(account, grant, now) for grant in account.grants.values())


def lots(now: Now) -> list[Grant]:
    """The account's grants that have something usable, in the order of use."""
    found = [g for g in now.account.grants.values() if usable(now.account, g, now.t)]
    return in_order(now.account, found)


def choose(now: Now, grants: list[Grant], amount: int) -> list[tuple[Grant, int]]:
    """Up to `amount` from these grants, one after the other."""
    chosen = []
    for grant in grants:
        part = min(amount, usable(now.account, grant, now.t))
        if part:
            chosen.append((grant, part))
            amount -= part
    return chosen


def rooms(invoice: Invoice) -> list[Line]:
    """What is still due on each line; lines that are discounts have none."""
    if not invoice.lines:
        return [Line("", None, invoice.due())]
    left = [(line, line.amount - invoice.applied_on(line.id)) for line in invoice.lines]
    return [Line(line.id, line.product, max(0, room)) for line, room in left]


def spread(
    invoice: Invoice, purses: list[tuple[Grant, int]], limit: int, named: bool = False
) -> list[Part]:
    """Each purse in turn pays the lines it may pay, in line order (R1, R4)."""
    parts: list[Part] = []
    lines = rooms(invoice)
    limit = min(limit, invoice.due())
    for grant, purse in purses:
        left = purse
        for line in lines:
            fits = line.product in grant.scope if invoice.lines else named
            part = min(left, line.amount, limit) if fits or not grant.scope else 0
            if part:
                parts.append((grant, line.id if invoice.lines else None, part))
                line.amount -= part
                limit -= part
                left -= part
    return parts


def total(parts: list[Part]) -> int:
    return sum(amount for _, _, amount in parts)


def use(account: Account, kind: str, parts: list[Part], invoice: Invoice | None = None) -> int:
    """Writes an application or deduction that can be given back; the amount used."""
    if not parts:
        return 0
    rows = [(grant.id, line, -amount) for grant, line, amount in parts]
    seq = account.write(kind, rows, invoice)
    account.uses[seq] = [Use(seq, grant, invoice, line, amount) for grant, line, amount in parts]
    for grant, _, amount in parts:
        grant.remaining -= amount
    if invoice:
        invoice.uses += account.uses[seq]
    return total(parts)


def last_first(uses: list[Use], amount: int, before: Picked = ()) -> list[tuple[Use, int]]:
    """Up to `amount` of what these uses and `before` leave, in exactly the reverse order (R13)."""
    picked = []
    for one in reversed(uses):
        part = min(one.left - sum(part for use, part in before if use is one), amount)
        if part:
            picked.append((one, part))
            amount -= part
    return picked


def give_back(now: Now, picked: Picked, invoice: Invoice | None) -> int:
    """Credit returns to its grants; on expired and void ones it ends at once; the amount."""
    if not picked:
        return 0
    account = now.account
    amount = sum(part for _, part in picked)
    if account.balance + amount > BALANCE_MAX:
        raise Refused("balance_limit")
    rows = [(one.grant.id, one.line, part) for one, part in picked]
    account.write("reversal", rows, invoice)
    for one, part in picked:
        one.left -= part
    void = [(one, part) for one, part in picked if one.grant.voided]
    late = [(u, part) for u, part in picked if u.grant.expired(now.t) and not u.grant.voided]
    for kind, ends in (("expiry", late), ("void", void)):
        if ends:
            account.write(kind, [(one.grant.id, None, -part) for one, part in ends])
    for one, part in picked:
        one.grant.remaining += 0 if (one, part) in void + late else part
    return amount
