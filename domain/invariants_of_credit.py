"""The promises about grants and invoices, shown by reading the entries again."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from domain.bill import Invoice, Use, paid_by_line
from domain.books import Books, Finding, at_entry
from domain.credit import Grant
from domain.kept import Hold, Spent, is_lot_of_writeoff
from domain.ledger import Entry
from domain.vocabulary import ARRIVALS, SIGN, Kind

COLUMNS: Mapping[Kind, tuple[str, int]] = {
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
"""Which part of a grant an entry of a kind moves, and in which direction."""


def grants_add_up(books: Books) -> Iterator[Finding]:
    """I6: amount = used + expired + voided + moved + remaining, as the entries have it too."""
    sums: dict[str, Counter[str]] = {grant.grant: Counter() for grant in books.grants}
    brought: dict[str, int] = {}
    for entry in books.entries:
        if entry.amount != SIGN[entry.kind] * sum(a.amount for a in entry.allocations):
            yield at_entry(entry, f"amount {entry.amount} is not what it allocates")
        column, sign = COLUMNS[entry.kind]
        for allocation in entry.allocations:
            if allocation.grant not in sums:
                yield at_entry(entry, f"there is no grant {allocation.grant}")
                continue
            sums[allocation.grant][column] += sign * allocation.amount
            if entry.kind in ARRIVALS:
                brought.setdefault(allocation.grant, entry.seq)
    held: Counter[str] = Counter()
    for kept in books.kept:
        if isinstance(kept, Hold) and kept.is_open:
            held.update({lot.grant: lot.amount for lot in kept.lots})
    for grant in books.grants:
        yield from _grant_adds_up(grant, sums[grant.grant], brought.get(grant.grant))
        if grant.held != held[grant.grant]:
            reserved = held[grant.grant]
            yield Finding(
                f"grant {grant.grant}", f"held is {grant.held}, but holds reserve {reserved}"
            )
        if is_lot_of_writeoff(grant.grant) and grant.remaining:
            yield Finding(
                f"grant {grant.grant}", f"{grant.remaining} of a write-off is to be spent"
            )
    yield from _deductions_return_once(books)
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


def _deductions_return_once(books: Books) -> Iterator[Finding]:
    """R14: what came back of a deduction is what its reversals say, never more than it took."""
    told: Counter[int] = Counter()
    took: dict[int, int] = {}
    for entry in books.entries:
        if entry.kind is Kind.DEDUCTION:
            took[entry.seq] = -entry.amount
        elif entry.kind is Kind.REVERSAL and entry.invoice is None:
            told.update(dict.fromkeys(entry.reverses, entry.amount))
    noted = {kept.name: kept.returned for kept in books.kept if isinstance(kept, Spent)}
    for seq in told.keys() | noted.keys():
        if told[seq] != noted.get(seq, 0) or told[seq] > took.get(seq, 0):
            what = f"{told[seq]} of {took.get(seq, 0)} came back, but {noted.get(seq, 0)} is noted"
            yield Finding(f"seq {seq}", what)


def invoices_add_up(books: Books) -> Iterator[Finding]:
    """I7: 0 <= applied <= amount_due, and what stands applied is what the entries say."""
    entries: defaultdict[str, list[int]] = defaultdict(list)
    uses: defaultdict[str, list[Use]] = defaultdict(list)
    written_off: Counter[str] = Counter()
    let_off = _writeoffs(books)
    for entry in books.entries:
        if entry.invoice is None:
            continue
        entries[entry.invoice].append(entry.seq)
        if entry.kind is Kind.APPLICATION:
            uses[entry.invoice].extend(Use(*a, entry.seq) for a in entry.allocations)
        elif _is_writeoff(entry, let_off):
            written_off[entry.invoice] -= entry.amount
        elif entry.kind is Kind.REVERSAL:
            yield from _take_back(entry, uses[entry.invoice])
    for invoice in books.invoices:
        where = f"invoice {invoice.invoice}"
        if not 0 <= invoice.applied <= invoice.amount_due:
            yield Finding(where, f"applied {invoice.applied} of {invoice.amount_due} due")
        if invoice.uses != uses[invoice.invoice]:
            yield Finding(where, "what stands applied is not what its entries say")
        if invoice.written_off != written_off[invoice.invoice]:
            told = written_off[invoice.invoice]
            yield Finding(
                where, f"{invoice.written_off} is written off, but its entries say {told}"
            )
        if invoice.entries != entries.pop(invoice.invoice, []):
            yield Finding(where, "its entries are not those that name it")
        yield from _lines_not_overpaid(invoice)
    for name, seqs in entries.items():
        yield Finding(f"seq {seqs[0]}", f"there is no invoice {name}")


def _writeoffs(books: Books) -> frozenset[str]:
    """The grants that are no spendable credit."""
    brought = (entry for entry in books.entries if entry.kind is Kind.WRITEOFF_GRANT)
    return frozenset(allocation.grant for entry in brought for allocation in entry.allocations)


def _is_writeoff(entry: Entry, let_off: frozenset[str]) -> bool:
    if entry.kind is Kind.REVERSAL:
        return any(allocation.grant in let_off for allocation in entry.allocations)
    return entry.kind is Kind.WRITEOFF_APPLICATION


def _take_back(entry: Entry, uses: list[Use]) -> Iterator[Finding]:
    """Take a reversal off what stands applied, the newest use of its entries first (R13, R14)."""
    for grant, line, amount in entry.allocations:
        left = amount
        for place in reversed(range(len(uses))):
            use = uses[place]
            if left and use[:2] == (grant, line) and use.seq in entry.reverses:
                part = min(left, use.amount)
                left -= part
                uses[place] = use._replace(amount=use.amount - part)
        uses[:] = [use for use in uses if use.amount]
        if left:
            yield at_entry(entry, f"gives {left} more back to {grant} than stood applied of it")


def _lines_not_overpaid(invoice: Invoice) -> Iterator[Finding]:
    if not invoice.lines:
        return
    paid = paid_by_line(use for use in invoice.uses if use.line is not None)
    due: dict[str | None, int] = {line.id: line.amount for line in invoice.lines}
    for line, amount in paid.items():
        if amount > due.get(line, 0):
            yield Finding(f"invoice {invoice.invoice}", f"line {line} is paid {amount}")
