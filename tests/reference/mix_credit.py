"""The makers of mix_data.py for what acts on credit that is there already."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.reference import mix_data
from tests.reference.book import Data
from tests.reference.mix_data import Maker, View
from tests.reference.using import available


def apply(view: View) -> Data | None:
    rng, invoices = view.rng, view.open_invoices()
    name = view.one_of("i", [i.id for i in invoices], view.account.invoices)
    if name is None:
        return None
    data: Data = {"invoice": name}
    if rng.random() < 0.5:
        due = next((i.due() for i in invoices if i.id == name), 20)
        data["amount"] = view.some(of=min(due, available(view.account, view.now)))
    if rng.random() < 0.2:
        lot = view.one_of("g", list(view.account.grants), view.account.grants)
        data.update({"grant": lot} if lot else {})
    return data


def reverse(view: View) -> Data | None:
    rng, account = view.rng, view.account
    credited = [i.id for i in account.invoices.values() if i.credited()]
    entries = [seq for seq, uses in account.uses.items() if any(one.left for one in uses)]
    data: Data
    if rng.random() < 0.5:
        if not (name := view.one_of("i", credited, account.invoices)):
            return None
        found = account.invoices.get(name)
        data, left = {"invoice": name}, found.credited() if found else 10
    else:
        if not entries:
            return None
        seq = rng.randint(1, len(account.entries) + 2) if view.wild() else rng.choice(entries)
        uses = account.uses.get(seq, [])
        data, left = {"entry": seq}, sum(one.left for one in uses)
    if rng.random() < 0.5:
        data["amount"] = view.some(of=left)
    return data


def on_grant(view: View) -> Data | None:
    lots = view.account.grants.values()
    usable = [g.id for g in lots if g.remaining and not g.voided and not g.expired(view.now)]
    void = [g.id for g in lots if g.voided and not g.expired(view.now)]
    fit = void if void and view.rng.random() < 0.05 else usable
    name = view.one_of("g", fit, view.account.grants)
    return {"grant": name} if name else None


def amend(view: View) -> Data | None:
    if (data := on_grant(view)) is None:
        return None
    if view.rng.random() < 0.6:
        data["expires_at"] = view.when(view.soon())
    if view.rng.random() < 0.6:
        data["priority"] = view.rng.choice((0, 10, 50, 100))
    if len(data) == 1 or view.rng.random() < 0.1:
        data["memo"] = "amended"
    return data


def hold(view: View) -> Data | None:
    free = available(view.account, view.now)
    if not free and not view.wild():
        return None
    data: Data = {"hold": view.new_or("h", view.account.holds), "amount": view.some(of=free // 3)}
    if view.rng.random() < 0.6:
        data["expires_at"] = view.when(view.soon())
    return data


def held(view: View) -> Data | None:
    holds = view.account.holds.values()
    standing = [h.id for h in holds if h.reserves(view.account.business)]
    name = view.one_of("h", standing, view.account.holds)
    return {"hold": name} if name else None


def capture(view: View) -> Data | None:
    if (data := held(view)) is None:
        return None
    found = view.account.holds.get(data["hold"])
    most = sum(part for _, part in found.parts) if found else 10
    invoices = view.open_invoices()
    names = [i.id for i in invoices] if view.rng.random() < 0.5 else []
    if names and (name := view.one_of("i", names, view.account.invoices)):
        data["invoice"] = name
        most = min([most, *(i.due() for i in invoices if i.id == name)])
    return {**data, "amount": view.some(of=most)}


def transfer(view: View) -> Data | None:
    free = available(view.account, view.now)
    others = [c for c in view.customers if c != view.account.key[1]]
    if not free and not view.wild():
        return None
    name = view.new_or("t", view.account.transfers)
    amount = view.some(of=free // 3)
    return {"transfer": name, "to_customer": view.rng.choice(others), "amount": amount}


def shortfall(view: View) -> Data | None:
    rng, invoices = view.rng, view.open_invoices()
    name = view.one_of("i", [i.id for i in invoices], view.account.invoices)
    if name is None:
        return None
    due = next((i.due() for i in invoices if i.id == name), 10)
    data: Data = {"invoice": name, "shortfall": view.some(of=min(due, 25))}
    if rng.random() < 0.6:
        data["writeoff"] = view.new_or("w", view.account.write_offs)
    if rng.random() < 0.4:
        data["plan"] = rng.choice(("basic", "gold", "gold"))
    found = view.account.invoices.get(name)
    if found and found.lines and rng.random() < 0.5:
        data["line"] = rng.choice(found.lines).id
    return data


def write_off(view: View) -> Data | None:
    made = [w.id for w in view.account.write_offs.values() if not w.reversed]
    name = view.one_of("w", made, view.account.write_offs)
    return {"writeoff": name} if name else None


MAKERS: dict[str, tuple[Maker, float]] = {
    # type: (maker, how often)
    "credit.grant": (mix_data.grant, 22),
    "credit.deduct": (mix_data.deduct, 11),
    "invoice.created": (mix_data.created, 20),
    "invoice.updated": (mix_data.updated, 8),
    "invoice.voided": (mix_data.settled, 2.5),
    "invoice.paid": (mix_data.settled, 3),
    "credit.apply": (apply, 6),
    "credit.reverse": (reverse, 5),
    "credit.void": (on_grant, 2),
    "credit.amend": (amend, 3),
    "credit.hold": (hold, 6),
    "credit.capture": (capture, 5),
    "credit.release": (held, 2),
    "credit.transfer": (transfer, 4),
    "payment.shortfall": (shortfall, 4),
    "writeoff.reverse": (write_off, 2),
    "account.configure": (mix_data.configure, 1.5),
    "tenant.configure": (mix_data.configure_tenant, 0.7),
}


def whale(view: View) -> tuple[str, Data]:
    """An account that keeps running into the highest balance (I5, `balance_limit`)."""
    most, account = 10**15, view.account
    pick = view.rng.random()
    back: list[Any] = [seq for seq, uses in account.uses.items() if any(u.left for u in uses)]
    if pick < 0.2 and account.balance > most:
        return "credit.deduct", {"amount": most - view.rng.randint(0, 9)}
    if pick < 0.35 and back:
        return "credit.reverse", {"entry": view.rng.choice(back)}
    later = view.when(view.now + timedelta(days=9000))
    return "credit.grant", {"amount": most - view.rng.randint(0, 9), "expires_at": later}
