"""payment.shortfall and writeoff.reverse (R19)."""

from __future__ import annotations

from tests.reference.book import BALANCE_MAX, Account, Data, Now, Refused, WriteOff
from tests.reference.invoices import known, must_be_open
from tests.reference.parsing import same


def tolerance(account: Account, data: Data) -> int:
    """The plan is the message's, else the account's, else the tenant's."""
    plan = data.get("plan", account.setting("plan", None))
    amounts = account.tenant.settings.get("tolerances", {}).get(plan, {})
    return int(amounts.get(account.key[2], 0))


def shortfall(now: Now, data: Data, named_by: tuple[bool, Data]) -> None:
    account, name = now.account, data["writeoff"]
    before = account.write_offs.get(name)
    if before and same(before.named_by, named_by, "writeoff"):
        now.credited(before.invoice, "already_created")
        return
    invoice = known(account, data["invoice"])
    if before:
        raise Refused("id_conflict")
    must_be_open(invoice)
    amount, line = data["shortfall"], data.get("line")
    if amount > invoice.due():
        raise Refused("exceeds_due")
    if amount > tolerance(account, data):
        raise Refused("above_tolerance")
    room_for(account, amount)
    account.write("writeoff_grant", [(name, None, amount)], invoice)
    account.write("writeoff_application", [(name, line, -amount)], invoice)
    written = WriteOff(name, named_by, invoice, line, amount)
    account.write_offs[name] = written
    invoice.write_offs.append(written)
    invoice.status = "paid"
    now.credited(invoice, "written_off")


def room_for(account: Account, amount: int) -> None:
    if account.balance + amount > BALANCE_MAX:
        raise Refused("balance_limit")


def reverse(now: Now, data: Data) -> None:
    account = now.account
    written = account.write_offs.get(data["writeoff"])
    if written is None:
        raise Refused("unknown_writeoff")
    if written.invoice.status == "void":
        raise Refused("invoice_void")
    if written.reversed:
        raise Refused("already_reversed")
    room_for(account, written.amount)
    written.reversed = True
    account.write("reversal", [(written.id, written.line, written.amount)], written.invoice)
    account.write("void", [(written.id, None, -written.amount)], written.invoice)
    written.invoice.status = "open"
    now.credited(written.invoice, "given_back")
