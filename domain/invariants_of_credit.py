"""The promises about grants, invoices and the order of use, shown by reading the entries again."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime

from domain.account import Allocation, Grant, Invoice, Use
from domain.books import Books, Finding, at_entry
from domain.expiry import TYPE as EXPIRY_TYPE
from domain.ledger import Entry
from domain.vocabulary import SIGN, Kind

_ARRIVALS = frozenset({Kind.GRANT, Kind.TRANSFER_IN, Kind.WRITEOFF_GRANT})
_SPENDING = frozenset({Kind.APPLICATION, Kind.DEDUCTION})
_COLUMNS: Mapping[Kind, tuple[str, int]] = {
    Kind.GRANT: ("amount", 1),
    Kind.TRANSFER_IN: ("amount", 1),
    Kind.WRITEOFF_GRANT: ("amount", 1),
    Kind.DEDUCTION: ("used", 1),
    Kind.APPLICATION: ("used", 1),
    Kind.WRITEOFF_APPLICATION: ("used", 1),
    Kind.REVERSAL: ("used", -1),
    Kind.EXPIRY: ("expired", 1),
    Kind.VOID: ("voided", 1),
    Kind.TRANSFER_OUT: ("moved", 1),
}


def grants_add_up(books: Books) -> Iterator[Finding]:
    """I6: amount = used + expired + voided + moved + remaining, as the entries have it too."""
    sums: dict[str, Counter[str]] = {grant.grant: Counter() for grant in books.grants}
    brought: dict[str, int] = {}
    for entry in books.entries:
        if entry.amount != SIGN[entry.kind] * sum(a.amount for a in entry.allocations):
            yield at_entry(entry, f"amount {entry.amount} is not what it allocates")
        column, sign = _COLUMNS[entry.kind]
        for allocation in entry.allocations:
            if allocation.grant not in sums:
                yield at_entry(entry, f"there is no grant {allocation.grant}")
                continue
            sums[allocation.grant][column] += sign * allocation.amount
            if entry.kind in _ARRIVALS:
                brought.setdefault(allocation.grant, entry.seq)
    for grant in books.grants:
        yield from _grant_adds_up(grant, sums[grant.grant], brought.get(grant.grant))
    remaining = sum(grant.remaining for grant in books.grants)
    if remaining != books.balance:
        yield Finding("account", f"balance is {books.balance}, but {remaining} remains in grants")


def _grant_adds_up(grant: Grant, told: Counter[str], seq: int | None) -> Iterator[Finding]:
    where = f"grant {grant.grant}"
    spent = grant.used + grant.expired + grant.voided + grant.moved
    if grant.amount != spent + grant.remaining:
        yield Finding(where, f"amount {grant.amount} is not {spent} gone + {grant.remaining} left")
    for column in ("amount", "used", "expired", "voided", "moved"):
        if getattr(grant, column) != told[column]:
            stored = getattr(grant, column)
            yield Finding(where, f"{column} is {stored}, but the entries say {told[column]}")
    if grant.seq != seq:
        yield Finding(where, f"seq is {grant.seq}, but entry {seq} brought it")


def invoices_add_up(books: Books) -> Iterator[Finding]:
    """I7: 0 <= applied <= amount_due, and what stands applied is what the entries say."""
    entries: defaultdict[str, list[int]] = defaultdict(list)
    uses: defaultdict[str, list[Use]] = defaultdict(list)
    for entry in books.entries:
        if entry.invoice is None:
            continue
        entries[entry.invoice].append(entry.seq)
        if entry.kind is Kind.APPLICATION:
            uses[entry.invoice].extend(Use(*a, entry.seq) for a in entry.allocations)
        elif entry.kind is Kind.REVERSAL:
            yield from _take_back(entry, uses[entry.invoice])
    for invoice in books.invoices:
        where = f"invoice {invoice.invoice}"
        if not 0 <= invoice.applied <= invoice.amount_due:
            yield Finding(where, f"applied {invoice.applied} of {invoice.amount_due} due")
        if invoice.uses != uses[invoice.invoice]:
            yield Finding(where, "what stands applied is not what its entries say")
        if invoice.entries != entries.pop(invoice.invoice, []):
            yield Finding(where, "its entries are not those that name it")
        yield from _lines_not_overpaid(invoice)
    for name, seqs in entries.items():
        yield Finding(f"seq {seqs[0]}", f"there is no invoice {name}")


def _take_back(entry: Entry, uses: list[Use]) -> Iterator[Finding]:
    """Take a reversal off what stands applied, the newest use of its entries first (R13, R14)."""
    for grant, line, amount in entry.allocations:
        for place in reversed(range(len(uses))):
            use = uses[place]
            if (use.grant, use.line) == (grant, line) and use.seq in entry.reverses:
                break
        else:
            yield at_entry(entry, f"gives back to {grant} what the entries it names did not use")
            continue
        if amount > use.amount:
            yield at_entry(entry, f"gives back {amount} to {grant}, where {use.amount} stood")
        if amount < use.amount:
            uses[place] = use._replace(amount=use.amount - amount)
        else:
            del uses[place]


def _lines_not_overpaid(invoice: Invoice) -> Iterator[Finding]:
    if not invoice.lines:
        return
    paid: Counter[str | None] = Counter()
    for use in invoice.uses:
        paid[use.line] += use.amount
    due = {line.id: line.amount for line in invoice.lines}
    for line, amount in paid.items():
        if amount > due.get(line, 0):
            yield Finding(f"invoice {invoice.invoice}", f"line {line} is paid {amount}")


def expiry_is_final(books: Books) -> Iterator[Finding]:
    """I14: nothing is used from expires_at on, nothing expires twice or at another instant."""
    expires_at = {grant.grant: grant.expires_at for grant in books.grants}
    expired: set[str] = set()
    reversal: Entry | None = None
    for entry in books.entries:
        if entry.kind is Kind.REVERSAL:
            reversal = entry
        for allocation in entry.allocations:
            end = expires_at.get(allocation.grant)
            if entry.kind in _SPENDING and end is not None and entry.dated_at >= end:
                yield at_entry(entry, f"uses {allocation.grant}, which had expired")
            if entry.kind is not Kind.EXPIRY:
                continue
            if entry.cause.type != EXPIRY_TYPE:
                yield from _expired_on_return(entry, allocation, end, reversal)
                continue
            if entry.dated_at != end:
                yield at_entry(entry, f"{allocation.grant} expires at {end}, not {entry.dated_at}")
            if allocation.grant in expired:
                yield at_entry(entry, f"{allocation.grant} expires for the second time")
            expired.add(allocation.grant)


def _expired_on_return(
    entry: Entry, allocation: Allocation, end: datetime | None, reversal: Entry | None
) -> Iterator[Finding]:
    if end is None or entry.dated_at < end:
        yield at_entry(entry, f"{allocation.grant} expires before its time")
    if reversal is None or reversal.cause != entry.cause or allocation not in reversal.allocations:
        yield at_entry(entry, f"{allocation.grant} expires, but its message returned nothing to it")
