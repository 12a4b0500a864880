"""credit.void, .amend, .deduct and .reverse; the grant itself is in arrivals.py."""

from __future__ import annotations

from tests.reference.book import Account, Data, Grant, Now, Refused
from tests.reference.using import choose, give_back, last_first, lots, reserved, use


def named_grant(account: Account, data: Data) -> Grant | None:
    if "grant" not in data:
        return None
    if data["grant"] not in account.grants:
        raise Refused("unknown_grant")
    return account.grants[data["grant"]]


def standing(now: Now, data: Data) -> Grant:
    """The named grant, which must be neither expired nor void."""
    grant = named_grant(now.account, data)
    assert grant is not None
    if grant.expired(now.t):
        raise Refused("already_expired")
    if grant.voided:
        raise Refused("already_voided")
    return grant


def void(now: Now, data: Data) -> None:
    """R15: what a hold reserves stays until the hold ends."""
    grant = standing(now, data)
    if not grant.remaining:
        raise Refused("insufficient_credit")
    void_free(now.account, [(grant, grant.remaining)])
    grant.voided = True


def void_free(account: Account, parts: list[tuple[Grant, int]]) -> None:
    """Voids up to these amounts of grants, as one row, as far as no hold reserves them."""
    rows: list[tuple[str, str | None, int]] = []
    for grant, amount in parts:
        part = min(amount, grant.remaining - reserved(account, grant, account.business))
        if part:
            rows.append((grant.id, None, -part))
            grant.remaining -= part
    if rows:
        account.write("void", rows)


def amend(now: Now, data: Data) -> None:
    """New terms change the order from then on; expires_at cannot move into the past."""
    grant = standing(now, data)
    if "expires_at" in data:
        if data["expires_at"] <= now.t:
            raise Refused("already_expired")
        grant.expires_at = data["expires_at"]
    grant.priority = data.get("priority", grant.priority)


def deduct(now: Now, data: Data) -> None:
    """R4, R16: whole or refused; a named grant pays without product, or for one in its scope."""
    grant, product = named_grant(now.account, data), data.get("product")
    grants = [g for g in lots(now) if not g.scope or product in g.scope]
    if grant:
        grants = [grant] if not grant.scope or product is None or product in grant.scope else []
    chosen = choose(now, grants, data["amount"])
    if sum(part for _, part in chosen) < data["amount"]:
        raise Refused("insufficient_credit")
    use(now.account, "deduction", [(lot, None, part) for lot, part in chosen])


def reverse(now: Now, data: Data) -> None:
    """R14: of an invoice or of one entry; without an amount, all that is left."""
    account, invoice = now.account, None
    if "invoice" in data:
        if data["invoice"] not in account.invoices:
            raise Refused("unknown_invoice")
        invoice = account.invoices[data["invoice"]]
        uses = invoice.uses
    else:
        if data["entry"] not in account.uses:
            raise Refused("unknown_entry")
        uses = account.uses[data["entry"]]
        invoice = uses[0].invoice
    left = sum(one.left for one in uses)
    amount = data.get("amount", left)
    if not left:
        raise Refused("already_reversed")
    if amount > left:
        raise Refused("exceeds_applied")
    give_back(now, last_first(uses, amount), invoice)
    if invoice:
        now.credited(invoice, "given_back")
