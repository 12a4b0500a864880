"""Credit that comes: credit.grant, and what a credit.transfer sends and brings (R3, R7, R18)."""

from __future__ import annotations

from tests.reference.book import BALANCE_MAX, Data, Grant, Now, Refused
from tests.reference.invoices import sweep
from tests.reference.parsing import same
from tests.reference.using import choose, lots


def grant(now: Now, data: Data, named_by: tuple[bool, Data]) -> None:
    account = now.account
    before = [account.grants.get(data["grant"]), account.external.get(data.get("external_id", ""))]
    found = [g for g in before if g]
    if any(not same(g.named_by, named_by, "grant") for g in found):
        raise Refused("id_conflict")
    if found:
        return
    if "expires_at" in data and data["expires_at"] <= now.t:
        raise Refused("already_expired")
    if account.balance + data["amount"] > BALANCE_MAX:
        raise Refused("balance_limit")
    new = Grant(
        id=data["grant"],
        amount=data["amount"],
        category=data["category"],
        priority=data["priority"],
        effective_at=data.get("effective_at"),
        expires_at=data.get("expires_at"),
        scope=tuple(data["scope"]),
        seq=account.write("grant", [(data["grant"], None, data["amount"])]),
        remaining=data["amount"],
        named_by=named_by,
    )
    account.grants[new.id] = new
    if "external_id" in data:
        account.external[data["external_id"]] = new
    sweep(now, [new])


def transfer(now: Now, data: Data) -> None:
    """Whole or refused; scoped lots move too."""
    account = now.account
    if data["transfer"] in account.transfers:
        if account.transfers[data["transfer"]] != data:
            raise Refused("id_conflict")
        return
    chosen = choose(now, lots(now), data["amount"])
    if sum(part for _, part in chosen) < data["amount"]:
        raise Refused("insufficient_credit")
    account.transfers[data["transfer"]] = data
    account.write("transfer_out", [(lot.id, None, -part) for lot, part in chosen])
    for lot, part in chosen:
        lot.remaining -= part
    now.departures.append((data["transfer"], data["to_customer"], chosen))


def arrive(now: Now, sender: str, transfer_id: str, parts: list[tuple[Grant, int]]) -> None:
    """The lots with their terms under ids of their own; never refused."""
    account = now.account
    names = (f"{sender}/{transfer_id}/{n:04}" for n in range(1, len(parts) + 1))
    rows = [(name, part) for name, (_, part) in zip(names, parts, strict=False)]
    seq = account.write("transfer_in", [(name, None, part) for name, part in rows])
    came = []
    for (lot, part), (name, _) in zip(parts, rows, strict=True):
        terms = (lot.category, lot.priority, lot.effective_at, lot.expires_at, lot.scope)
        account.grants[name] = Grant(name, part, *terms, seq, part)
        came.append(account.grants[name])
    sweep(now, came)
