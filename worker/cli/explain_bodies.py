"""The message behind an entry, put together again.

The ledger keeps what was decided, and of what was asked the part that chooses the credit; the rest
follows from what is stored. A new message kind is one more case here.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from domain.applying import ApplyCredit
from domain.bill import Invoice
from domain.books import Books
from domain.credit import Grant
from domain.deductions import DeductCredit
from domain.grant_voids import VoidCredit
from domain.grants import GrantCredit
from domain.holds import CaptureCredit, ReleaseCredit
from domain.invoices import InvoiceCreated
from domain.kept import Hold, Transfer, Writeoff
from domain.ledger import Entry
from domain.messages import Body
from domain.reversals import ReverseCredit
from domain.transfers import TransferCredit
from domain.updates import InvoiceUpdated
from domain.vocabulary import Kind
from domain.voids import InvoiceVoided
from domain.writeoffs import PaymentShortfall, ReverseWriteoff

MOVES_NOTHING = frozenset(
    {
        "invoice.paid",
        "credit.amend",
        "credit.hold",
        "account.configure",
        "tenant.configure",
    }
)
"""The types of messages that never lead to an entry."""


def bodies(
    entries: Sequence[Entry], books: Books, grants: dict[str, Grant], invoice: Invoice | None
) -> Iterator[Body]:
    """What may have been asked, the most likely first; nothing for an unknown type of message.

    `grants` are on the terms of that time; `invoice` is that of the entries.
    """
    entry, own = entries[0], {**books.key._asdict(), **asked(entries[0])}
    amount = abs(entry.amount)
    match entry.cause.type:
        case "credit.grant":
            yield from (_granted(own, entry, grants[a.grant]) for a in entry.allocations)
        case "credit.deduct":
            yield DeductCredit(**own, amount=amount)
        case "credit.void":
            yield VoidCredit(**own, grant=entry.allocations[0].grant)
        case "credit.transfer":
            yield from _sent(own, entry, books)
        case "credit.capture":
            yield CaptureCredit(**own, amount=amount, invoice=entry.invoice)
        case "credit.release":
            yield from _released(own, entry, books)
        case "credit.reverse":
            yield from _reversed(own, entry, amount)
        case "payment.shortfall" | "writeoff.reverse":
            yield from _written_off(own, entries, books)
        case _ if invoice is not None:
            yield from _about_invoice(own, entries, invoice)


def asked(entry: Entry) -> dict[str, Any]:
    """What the message said of the credit to use."""
    said: dict[str, Any] = json.loads(entry.asked) if entry.asked else {}
    return said


def _granted(own: dict[str, Any], entry: Entry, grant: Grant) -> GrantCredit:
    return GrantCredit(
        **own,
        amount=entry.amount,
        grant=grant.grant,
        category=grant.category,
        priority=grant.priority,
        effective_at=grant.effective_at,
        expires_at=grant.expires_at,
        scope=grant.scope,
    )


def _about_invoice(
    own: dict[str, Any], entries: Sequence[Entry], invoice: Invoice
) -> Iterator[Body]:
    due, lines = invoice.amount_due, invoice.lines
    match entries[0].cause.type:
        case "invoice.created":
            yield InvoiceCreated(
                **own, invoice=invoice.invoice, amount_due=due, auto_apply=True, lines=lines
            )
        case "invoice.updated":
            opens = any(entry.kind is Kind.APPLICATION for entry in entries)
            yield InvoiceUpdated(
                **own,
                invoice=invoice.invoice,
                amount_due=due,
                status="open" if opens else None,
                lines=lines,
            )
        case "invoice.voided":
            yield InvoiceVoided(**own, invoice=invoice.invoice)
        case "credit.apply":
            yield ApplyCredit(**own, invoice=invoice.invoice)


def _sent(own: dict[str, Any], entry: Entry, books: Books) -> Iterator[TransferCredit]:
    for kept in books.kept:
        if isinstance(kept, Transfer) and kept.seq == entry.seq:
            named: dict[str, Any] = {"transfer": kept.name, "to_customer": kept.to_customer}
            yield TransferCredit(**own, **named, amount=kept.amount)


def _released(own: dict[str, Any], entry: Entry, books: Books) -> Iterator[ReleaseCredit]:
    """A release leaves an entry only where it lets go of credit of a void grant."""
    for kept in books.kept:
        if isinstance(kept, Hold) and kept.until == entry.seq - 1:
            yield ReleaseCredit(**own, hold=kept.name)


def _reversed(own: dict[str, Any], entry: Entry, amount: int) -> Iterator[ReverseCredit]:
    """Of an invoice's newest uses, or of one entry: it is not kept which of them was named."""
    if entry.invoice is not None:
        yield ReverseCredit(**own, invoice=entry.invoice, amount=amount)
    if len(entry.reverses) == 1:
        yield ReverseCredit(**own, entry=entry.reverses[0], amount=amount)


def _written_off(own: dict[str, Any], entries: Sequence[Entry], books: Books) -> Iterator[Body]:
    seqs = {entries[-1].seq, *entries[0].reverses}
    for kept in books.kept:
        if not isinstance(kept, Writeoff) or kept.seq not in seqs:
            continue
        if entries[0].kind is Kind.REVERSAL:
            yield ReverseWriteoff(**own, writeoff=kept.name)
        else:
            yield PaymentShortfall(
                **own,
                invoice=kept.invoice,
                shortfall=kept.amount,
                writeoff=kept.name,
                line=kept.line,
            )
