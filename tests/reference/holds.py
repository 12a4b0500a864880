"""credit.hold, .capture and .release (R17)."""

from __future__ import annotations

from tests.reference.book import Account, Data, Hold, Now, Refused
from tests.reference.grants import void_free
from tests.reference.invoices import known, must_be_open
from tests.reference.using import choose, lots, spread, total, use


def hold(now: Now, data: Data) -> None:
    account = now.account
    if data["hold"] in account.holds:
        if account.holds[data["hold"]].made_from != data:
            raise Refused("id_conflict")
        return
    if "expires_at" in data and data["expires_at"] <= now.t:
        raise Refused("already_expired")
    chosen = choose(now, [lot for lot in lots(now) if not lot.scope], data["amount"])
    if sum(part for _, part in chosen) < data["amount"]:
        raise Refused("insufficient_credit")
    account.holds[data["hold"]] = Hold(data["hold"], data, data.get("expires_at"), chosen)


def live(account: Account, found: Hold | None) -> Hold:
    if found is None:
        raise Refused("unknown_hold")
    if not found.reserves(account.business):
        raise Refused("already_released")
    return found


def end(account: Account, found: Hold) -> None:
    """What it reserved is free again; of void grants it is voided."""
    found.ended = True
    void_free(account, [(lot, part) for lot, part in found.parts if lot.voided])


def release(now: Now, data: Data) -> None:
    end(now.account, live(now.account, now.account.holds.get(data["hold"])))


def capture(now: Now, data: Data) -> None:
    """Into an application if it names an invoice, else into a deduction; then the hold ends."""
    account = now.account
    invoice = known(account, data["invoice"]) if "invoice" in data else None
    found = account.holds.get(data["hold"])
    if found and invoice:
        must_be_open(invoice)
    found = live(account, found)
    held = sum(part for _, part in found.parts)
    amount = data.get("amount", min(held, invoice.due()) if invoice else held)
    if invoice and amount > invoice.due():
        raise Refused("exceeds_due")
    if amount > held:
        raise Refused("insufficient_credit")
    if invoice:
        parts = spread(invoice, found.parts, amount)
        assert total(parts) == amount
        use(account, "application", parts, invoice)
        now.credited(invoice, "credited")
    else:
        wanted = amount
        pieces = []
        for lot, part in found.parts:
            pieces.append((lot, None, min(part, wanted)))
            wanted -= min(part, wanted)
        use(account, "deduction", [piece for piece in pieces if piece[2]])
    end(account, found)
