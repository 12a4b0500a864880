"""The promises that an account's books can show by themselves, one function for each.

The laws, the simulation and `scrip verify` all ask `violations`. The checks share no code with the
decisions: what brought the rows about must not be what vouches for them. All are one walk over the
entries, and rows however corrupt are reported and never make a check raise.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from operator import eq

from domain.books import Books, Finding, Violation, at_entry
from domain.expiry import HOLD_TYPE
from domain.expiry import TYPE as EXPIRY_TYPE
from domain.fields import rfc3339
from domain.identity import account_id
from domain.invariants_of_closings import closings_add_up
from domain.invariants_of_credit import grants_add_up, invoices_add_up
from domain.invariants_of_order import order_was_kept
from domain.invariants_of_time import Terms, expiry_is_final
from domain.kept import Hold
from domain.ledger import Entry, Receipt, chain_hash
from domain.vocabulary import Outcome

__all__ = ["PROMISES", "Books", "Violation", "violations"]


def violations(books: Books) -> list[Violation]:
    """Every promise that the books break, and where; empty when all is well."""
    return [Violation(promise, *finding) for promise, check in PROMISES for finding in check(books)]


def entries_follow_each_other(books: Books) -> Iterator[Finding]:
    """I3: seq = 1..n, and each balance is the one before plus the amount."""
    seq = balance = 0
    for entry in books.entries:
        if entry.seq != seq + 1:
            yield at_entry(entry, f"comes after seq {seq}")
        if entry.balance != balance + entry.amount:
            yield at_entry(entry, f"balance {entry.balance} is not {balance} {entry.amount:+}")
        seq, balance = entry.seq, entry.balance
    if books.seq != seq:
        yield Finding("account", f"seq is {books.seq}, but the newest entry has {seq}")


def balance_is_the_sum(books: Books) -> Iterator[Finding]:
    """I4: the account's balance is the newest entry's, and the sum of all amounts."""
    newest = books.entries[-1].balance if books.entries else 0
    total = sum(entry.amount for entry in books.entries)
    for name, value in (("the newest entry's balance", newest), ("the sum of amounts", total)):
        if books.balance != value:
            yield Finding("account", f"balance is {books.balance}, but {name} is {value}")


def amounts_are_whole(books: Books) -> Iterator[Finding]:
    """I5: integers only, nothing negative, no entry of nothing."""
    for entry in books.entries:
        if not _is_integer(entry.amount) or entry.amount == 0:
            yield at_entry(entry, f"amount is {entry.amount}")
        if not _is_integer(entry.balance) or entry.balance < 0:
            yield at_entry(entry, f"balance is {entry.balance}")
        for allocation in entry.allocations:
            if not _is_integer(allocation.amount) or allocation.amount <= 0:
                yield at_entry(entry, f"allocates {allocation.amount} to {allocation.grant}")
    for where, name, value in _stored_amounts(books):
        if not _is_integer(value) or value < 0:
            yield Finding(where, f"{name} is {value}")


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _stored_amounts(books: Books) -> Iterator[tuple[str, str, int]]:
    yield "account", "balance", books.balance
    for grant in books.grants:
        for name in ("amount", "remaining", "used", "expired", "voided", "moved", "held"):
            yield f"grant {grant.grant}", name, getattr(grant, name)
    for invoice in books.invoices:
        where = f"invoice {invoice.invoice}"
        yield where, "amount_due", invoice.amount_due
        for use in invoice.uses:
            yield where, f"its use of {use.grant}", use.amount


def hashes_are_unbroken(books: Books) -> Iterator[Finding]:
    """I10: every hash covers its entry and the hash before, up to the account's head."""
    head = bytes(32)
    for entry in books.entries:
        if entry.hash != chain_hash(entry, head):
            yield at_entry(entry, "the hash is not that of its columns and the entry before")
        head = entry.hash
    if books.head != head:
        yield Finding("account", "its head is not the hash of the newest entry")


def rows_are_its_own(books: Books) -> Iterator[Finding]:
    """I15: no row of another account, so none of another tenant."""
    for entry in books.entries:
        if entry.account_id != books.account_id:
            yield at_entry(entry, f"belongs to account {entry.account_id}")
    for receipt in books.receipts:
        if receipt.account_id != books.account_id:
            yield _at_receipt(receipt, f"belongs to account {receipt.account_id}")


def id_holds_the_currency(books: Books) -> Iterator[Finding]:
    """I16: the id is that of its tenant, customer and one currency."""
    if books.account_id != account_id(books.key):
        yield Finding("account", f"its id is not that of {' / '.join(books.key)}")


def conflicts_changed_nothing(books: Books) -> Iterator[Finding]:
    """I17: whatever came under a claimed id, only the first message has entries."""
    seqs = defaultdict(list)
    for entry in books.entries:
        if entry.cause.type not in (EXPIRY_TYPE, HOLD_TYPE):  # no message's, whatever their ids
            seqs[entry.cause.source, entry.cause.id].append(entry.seq)
    for receipt in books.receipts:
        found = seqs.get((receipt.cause.source, receipt.cause.id), [])
        if receipt.conflicts and not _same(found, _seqs(receipt)):
            yield _at_receipt(receipt, f"has conflicts, and its id is the cause of {found}")


def causes_are_named(books: Books) -> Iterator[Finding]:
    """I19: every entry has the receipt that it says, or is a scheduled expiry."""
    seqs = defaultdict(list)
    terms = Terms(books)
    ends = {f"{hold.name}@{rfc3339(hold.ends)}" for hold in books.kept if isinstance(hold, Hold)}
    for entry in books.entries:
        if entry.cause.type == HOLD_TYPE:
            if entry.cause.id not in ends:
                yield at_entry(entry, f"its cause is {entry.cause.id}, which is no hold's end")
        elif entry.cause.type != EXPIRY_TYPE:
            seqs[entry.cause].append(entry.seq)
        elif [entry.cause.id] != _expiry_ids(entry, terms):
            yield at_entry(entry, f"its cause is {entry.cause.id}, which is not its grant's end")
    for receipt in books.receipts:
        found, claimed = seqs.pop(receipt.cause, []), _seqs(receipt)
        if not _same(found, claimed):
            first, last = receipt.seq_first, receipt.seq_last
            yield _at_receipt(receipt, f"claims seq {first} to {last}, but is the cause of {found}")
        if receipt.outcome is Outcome.REFUSED and claimed:
            yield _at_receipt(receipt, "was refused, but claims entries")
    for cause, found in seqs.items():
        yield Finding(f"seq {found[0]}", f"there is no receipt of its cause {' '.join(cause)}")


def _expiry_ids(entry: Entry, terms: Terms) -> list[str]:
    ends = ((a.grant, terms.end(a.grant, entry.seq)) for a in entry.allocations)
    return [f"{grant}@{rfc3339(end)}" for grant, end in ends if end is not None]


def _seqs(receipt: Receipt) -> range:
    if receipt.seq_first is None or receipt.seq_last is None:
        return range(0)
    return range(receipt.seq_first, receipt.seq_last + 1)


def _same(found: Sequence[int], claimed: range) -> bool:
    return len(found) == len(claimed) and all(map(eq, found, claimed))


def _at_receipt(receipt: Receipt, what: str) -> Finding:
    return Finding(f"receipt {receipt.cause.source} {receipt.cause.id}", what)


PROMISES: tuple[tuple[str, Callable[[Books], Iterator[Finding]]], ...] = (
    ("I3", entries_follow_each_other),
    ("I4", balance_is_the_sum),
    ("I4", closings_add_up),
    ("I5", amounts_are_whole),
    ("I6", grants_add_up),
    ("I7", invoices_add_up),
    ("I8", order_was_kept),
    ("I10", hashes_are_unbroken),
    ("I14", expiry_is_final),
    ("I15", rows_are_its_own),
    ("I16", id_holds_the_currency),
    ("I17", conflicts_changed_nothing),
    ("I19", causes_are_named),
)
