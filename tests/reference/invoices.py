"""invoice.created, .updated, .voided, .paid and credit.apply (R4-R12)."""

from __future__ import annotations

from tests.reference.book import Account, Data, Grant, Invoice, Line, Now, Refused, Use
from tests.reference.grants import named_grant
from tests.reference.order import in_order
from tests.reference.using import choose, give_back, last_first, lots, spread, total, use

SHUT = {"void": "invoice_void", "paid": "invoice_not_open"}


def known(account: Account, name: str) -> Invoice:
    if name not in account.invoices:
        raise Refused("unknown_invoice")
    return account.invoices[name]


def must_be_open(invoice: Invoice) -> None:
    if invoice.status != "open":
        raise Refused(SHUT.get(invoice.status, "invoice_not_open"))


def lines_of(data: Data) -> list[Line]:
    return [Line(e["id"], e.get("product"), e["amount"]) for e in data.get("lines", [])]


def add(now: Now, data: Data, status: str) -> Invoice:
    invoice = Invoice(data["invoice"], status, data.get("issued_at", now.time))
    invoice.amount_due = data.get("amount_due", 0)
    invoice.lines = lines_of(data)
    now.account.invoices[invoice.id] = invoice
    return invoice


def heard_of(now: Now, data: Data, status: str) -> Invoice:
    """Paid or void before its create, which still brings the amount (R8)."""
    invoice = add(now, data, status)
    invoice.unseen = True
    return invoice


def auto_apply(account: Account, invoice: Invoice) -> bool:
    """R5: invoice over account over tenant."""
    if invoice.auto_apply is not None:
        return invoice.auto_apply
    return bool(account.setting("auto_apply", True))


def settle(now: Now, invoice: Invoice) -> str:
    """Takes what it can by itself; why it took that."""
    if invoice.status != "open":
        return "not_open"
    if not auto_apply(now.account, invoice):
        return "auto_apply_off"
    return pay(now, invoice, lots(now), None)


def pay(now: Now, invoice: Invoice, grants: list[Grant], name: str | None) -> str:
    """These grants in turn pay what they can; `name` is the grant that the message names."""
    if not invoice.due():
        return "nothing_due"
    purses = choose_all(now, grants)
    parts = spread(invoice, purses, invoice.due(), named=name is not None)
    return "credited" if use(now.account, "application", parts, invoice) else "no_credit"


def choose_all(now: Now, grants: list[Grant]) -> list[tuple[Grant, int]]:
    return choose(now, grants, sum(grant.remaining for grant in grants))


def created(now: Now, data: Data) -> None:
    invoice = now.account.invoices.get(data["invoice"])
    if invoice is None:
        invoice = add(now, data, data["status"])
        invoice.auto_apply = data.get("auto_apply")
        invoice.created_from = data
        now.credited(invoice, settle(now, invoice))
    elif invoice.created_from is not None:
        if invoice.created_from != data:
            raise Refused("id_conflict")
        now.credited(invoice, "already_created")
    else:
        invoice.created_from = data
        if invoice.unseen:
            invoice.unseen = False
            invoice.amount_due, invoice.lines = data["amount_due"], lines_of(data)
            now.credited(invoice, "not_open")
        else:
            now.credited(invoice, "already_created")


def surplus(invoice: Invoice, data: Data) -> list[tuple[Use, int]]:
    """R9: each shrunk or missing line's own surplus first, then the whole invoice's."""
    picked: list[tuple[Use, int]] = []
    if "lines" in data:
        amounts = {line["id"]: line["amount"] for line in data["lines"]}
        for line in invoice.lines:
            over = invoice.applied_on(line.id) - max(0, amounts.get(line.id, 0))
            picked += last_first([u for u in invoice.uses if u.line == line.id], max(0, over))
    over = invoice.applied() - sum(part for _, part in picked) - data["amount_due"]
    return picked + last_first(invoice.uses, max(0, over), picked)


def updated(now: Now, data: Data) -> None:
    invoice = now.account.invoices.get(data["invoice"])
    if invoice is None:
        if "amount_due" not in data:
            raise Refused("unknown_invoice")
        invoice = add(now, data, data.get("status", "open"))
        now.credited(invoice, settle(now, invoice))
        return
    if invoice.status in SHUT:
        raise Refused(SHUT[invoice.status])
    back, before = 0, invoice.amount_due
    if "amount_due" in data:
        back = give_back(now, surplus(invoice, data), invoice)
        invoice.amount_due = data["amount_due"]
        invoice.lines = lines_of(data)
    invoice.status = data.get("status", invoice.status)
    if invoice.amount_due > before or data.get("status") == "open":
        why = settle(now, invoice)
    else:
        why = "already_created" if invoice.status == "open" else "not_open"
    now.credited(invoice, "given_back" if back and why != "credited" else why)


def voided(now: Now, data: Data) -> None:
    """Final; everything but write-offs goes back."""
    invoice = now.account.invoices.get(data["invoice"]) or heard_of(now, data, "void")
    give_back(now, last_first(invoice.uses, invoice.credited()), invoice)
    invoice.status = "void"
    now.credited(invoice, "voided")


def paid(now: Now, data: Data) -> None:
    invoice = now.account.invoices.get(data["invoice"]) or heard_of(now, data, "paid")
    if invoice.status == "void":
        raise Refused("invoice_void")
    invoice.status = "paid"
    now.credited(invoice, "not_open")


def apply(now: Now, data: Data) -> None:
    """R12; an expired or void grant that it names has nothing usable."""
    grant = named_grant(now.account, data)
    invoice = known(now.account, data["invoice"])
    must_be_open(invoice)
    grants = [grant] if grant else lots(now)
    amount = data.get("amount")
    if amount is None:
        now.credited(invoice, pay(now, invoice, grants, data.get("grant")))
        return
    if amount > invoice.due():
        raise Refused("exceeds_due")
    parts = spread(invoice, choose_all(now, grants), amount, named=grant is not None)
    if total(parts) < amount:
        raise Refused("insufficient_credit")
    use(now.account, "application", parts, invoice)
    now.credited(invoice, "credited")


def sweep(now: Now, came: list[Grant]) -> None:
    """R11: what came pays the open invoices, the oldest first."""
    account = now.account
    if not account.setting("apply_to_open_invoices", False):
        return
    came = in_order(account, came)
    for invoice in sorted(account.invoices.values(), key=lambda i: (i.issued_at, i.id)):
        wanted = invoice.status == "open" and auto_apply(account, invoice)
        if wanted and pay(now, invoice, came, None) == "credited":
            now.credited(invoice, "credited")
