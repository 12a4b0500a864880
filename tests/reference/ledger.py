"""The whole of it: one message after the other, the expiry run, and what it printed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from tests.reference import arrivals, grants, holds, invoices, printing, writeoffs
from tests.reference.book import Account, Data, Event, Grant, Now, Receipt, Refused, Tenant
from tests.reference.parsing import body, instant, named
from tests.reference.using import available, reserved

PLAIN: dict[str, Callable[[Now, Data], None]] = {
    "credit.deduct": grants.deduct,
    "invoice.created": invoices.created,
    "invoice.updated": invoices.updated,
    "invoice.voided": invoices.voided,
    "invoice.paid": invoices.paid,
    "credit.apply": invoices.apply,
    "credit.reverse": grants.reverse,
    "credit.void": grants.void,
    "credit.amend": grants.amend,
    "credit.hold": holds.hold,
    "credit.capture": holds.capture,
    "credit.release": holds.release,
    "credit.transfer": arrivals.transfer,
    "writeoff.reverse": writeoffs.reverse,
}
ARRIVAL = "credit.transfer"
"""The type on the receipt of an arrival, whose source is `scrip/transfer`."""


class Ledger:
    """Decides messages in the order given; `log` holds what each of them published."""

    def __init__(self) -> None:
        self.tenants: dict[str, Tenant] = {}
        self.accounts: dict[tuple[str, str, str], Account] = {}
        self.log: list[tuple[tuple[str, str, str], str, str, list[Event]]] = []

    def account(self, tenant: str, customer: str, currency: str, now: datetime) -> Account:
        key = (tenant, customer, currency)
        if key not in self.accounts:
            owner = self.tenants.setdefault(tenant, Tenant())
            self.accounts[key] = Account(key, owner, now, now - owner.late_window())
        found = self.accounts[key]
        found.clock = max(found.clock, now)
        return found

    def receive(self, message: Data, now: datetime) -> None:
        """Decides one message, and then the arrival if it is a transfer (R18, R20)."""
        wanted = body(message)
        data = wanted["data"]
        account = self.account(data["tenant"], data["customer"], data["currency"], now)
        key = (message["source"], message["id"])
        receipt = account.receipts.get(key)
        if receipt:
            receipt.repeats += receipt.body == wanted
            receipt.conflicts += receipt.body != wanted
            return
        business = data.get("issued_at", instant(message["time"]))
        step = self.step(account, message["id"], instant(message["time"]), business)
        receipt = Receipt(message["type"], wanted, "applied", None)
        account.receipts[key] = receipt
        before = (len(account.entries), account.balance)
        try:
            self.decide(step, message)
        except Refused as refusal:
            receipt.outcome, receipt.reason = "refused", str(refusal)
            step.events.append(("message.refused", str(refusal)))
        self.publish(account, *key, before, step.events)
        self.deliver(step)

    def step(self, account: Account, name: str, time: datetime, business: datetime) -> Now:
        """R3: the business time kept within [now - late_window, now]."""
        t = min(max(business, account.clock - account.tenant.late_window()), account.clock)
        account.business = max(account.business, t)
        self.end_holds(account)
        return Now(account, name, time, t)

    def decide(self, step: Now, message: Data) -> None:
        kind, own = message["type"], named(message)
        if kind == "account.configure":
            step.account.settings.update(own[1])
        elif kind == "tenant.configure":
            step.account.tenant.settings.update(own[1])
        elif kind == "credit.grant":
            arrivals.grant(step, own[1], own)
        elif kind == "payment.shortfall":
            writeoffs.shortfall(step, own[1], own)
        else:
            PLAIN[kind](step, own[1])

    def deliver(self, sent: Now) -> None:
        tenant, sender, currency = sent.account.key
        for transfer, customer, parts in sent.departures:
            account = self.account(tenant, customer, currency, sent.account.clock)
            step = self.step(account, transfer, sent.time, sent.t)
            source, name = "scrip/transfer", f"{sender}/{transfer}"
            account.receipts[source, name] = Receipt(ARRIVAL, {}, "applied", None)
            before = (len(account.entries), account.balance)
            arrivals.arrive(step, sender, transfer, parts)
            self.publish(account, source, name, before, step.events)

    def publish(
        self,
        account: Account,
        source: str,
        name: str,
        before: tuple[int, int],
        events: list[Event],
    ) -> None:
        """One balance event for all rows of a message, then the rest."""
        rows, balance = before
        if len(account.entries) > rows:
            free = available(account, account.clock)
            events.insert(0, ("credit.balance_changed", balance, account.balance, free))
        self.log.append((account.key, source, name, events))

    def expire(self, now: datetime) -> None:
        """Rows from exactly expires_at + late_window on; holds end alike, and before."""
        for key in sorted(self.accounts):
            account = self.account(*key, now)
            horizon = account.clock - account.tenant.late_window()
            account.business = max(account.business, horizon)
            self.end_holds(account)
            due = [g for g in account.grants.values() if g.expired(horizon) and not g.voided]
            for grant in sorted(due, key=lambda g: (g.expires_at, g.seq, g.id)):
                self.lapse(account, grant)

    def end_holds(self, account: Account) -> None:
        """Those whose time is over, the oldest first (R17)."""
        over = [h for h in account.holds.values() if not h.ended]
        over = [h for h in over if not h.reserves(account.business)]
        for hold in sorted(over, key=lambda h: (h.expires_at, h.id)):
            before = (len(account.entries), account.balance)
            holds.end(account, hold)
            self.note(account, hold.id, before)

    def lapse(self, account: Account, grant: Grant) -> None:
        free = grant.remaining - reserved(account, grant, account.business)
        if free:
            before = (len(account.entries), account.balance)
            account.write("expiry", [(grant.id, None, -free)])
            grant.remaining -= free
            self.note(account, grant.id, before)

    def note(self, account: Account, name: str, before: tuple[int, int]) -> None:
        if len(account.entries) > before[0]:
            self.publish(account, "scrip/expiry", name, before, [])

    def state(self, now: datetime) -> Data:
        return printing.state(list(self.accounts.values()), now)
