"""An account put together again entry by entry, with what lay between the entries in its place.

It begins before the first entry, or at a closing with what had become of its grants by then. Grants
have the terms they came with, holds and amendments come at the seqs that they keep.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from db.look_ups import Opening
from domain.account import Account, touch
from domain.bill import Invoice
from domain.books import Books
from domain.closings import ClosingGrant
from domain.credit import Grant
from domain.identity import NIL, account_id
from domain.kept import Amendment, Hold, Spent, Writeoff, is_lot_of_writeoff
from domain.ledger import Entry
from domain.order import PROFILES, Profile
from domain.vocabulary import InvoiceStatus, Kind

_BY_LABEL = {profile.label: profile for profile in PROFILES.values()}


class BrokenLedgerError(Exception):
    """The entries cannot be posted again; `scrip verify` says what is wrong with them."""


class Replay:
    """An account on its way from an opening to what it is."""

    def __init__(self, books: Books, opening: Opening) -> None:
        identity = account_id(books.key)
        self.account = Account(identity, books.key, opening.balance, opening.seq)
        self.came = opening.grants
        """How many grants have come, without those of write-offs."""
        first = {change.grant: change for change in reversed(books.amendments)}
        self.grants = {one.grant: _begun(one, first.get(one.grant)) for one in books.grants}
        """Every grant there will be, on the terms of the time; empty until it comes."""
        self._invoices = {invoice.invoice: invoice for invoice in books.invoices}
        self._writeoffs = {kept.seq: kept for kept in books.kept if isinstance(kept, Writeoff)}
        self._steps = sorted(self._between(books), key=lambda step: step[0])[::-1]
        self._open(opening)

    def _open(self, opening: Opening) -> None:
        """Stand where the opening says, with what is known of the entries before it."""
        for went in opening.became:
            if went.grant not in self.grants:
                raise BrokenLedgerError(f"a closing names an unknown grant, {went.grant}")
            grant = self.account.grants[went.grant] = self.grants[went.grant]
            _bring_to(grant, went)
        for entry in opening.earlier:
            with _posting(entry):
                if entry.invoice is not None:
                    invoice = self.account.invoices[entry.invoice] = self.bill(entry.invoice)
                    touch(invoice, entry.seq, entry.kind, entry.allocations, entry.reverses)
                self._keep(entry)

    def begin(self, entry: Entry) -> None:
        """Take in all that came before an entry and behind the one before it."""
        if self.account.decided_at is None:
            self.decide_from(entry)
        while self._steps and self._steps[-1][0] < entry.seq:
            self._steps.pop()[1]()

    def decide_from(self, entry: Entry) -> None:
        """Stand where the decision on an entry stood: its clock, its order of use."""
        self.account.enter(entry.recorded_at, profile_of(entry).rank)

    def bill(self, name: str) -> Invoice:
        """An invoice with what stood applied so far, and otherwise as it now is, but open."""
        if name not in self._invoices:
            raise BrokenLedgerError(f"the ledger names an unknown invoice, {name}")
        return self.account.invoices.get(name) or _untouched(self._invoices[name])

    def check_follows(self, entry: Entry) -> None:
        """Raises BrokenLedgerError for an entry with a hole before it."""
        account = self.account
        if (account.seq + 1, account.balance + entry.amount) != (entry.seq, entry.balance):
            raise BrokenLedgerError(f"entry {entry.seq} does not follow from those before it")

    def post(self, entry: Entry) -> None:
        """Move the account by an entry."""
        account = self.account
        with _posting(entry):
            for name in {a.grant for a in entry.allocations} - account.grants.keys():
                account.grants[name] = self.grants[name]
                self.came += not is_lot_of_writeoff(name)
            invoice = None
            if entry.invoice is not None:
                invoice = account.invoices[entry.invoice] = self.bill(entry.invoice)
            account.post(entry.kind, invoice, entry.allocations, entry.reverses)
            self._keep(entry)

    def _keep(self, entry: Entry) -> None:
        """What later messages may name: what was spent, written off, and is void."""
        kept = self.account.kept
        if entry.kind in (Kind.APPLICATION, Kind.DEDUCTION):
            kept[Spent, entry.seq] = Spent(entry.seq, entry.kind, entry.invoice, entry.allocations)
        if entry.kind is Kind.REVERSAL and entry.invoice is None:
            spent = kept[Spent, entry.reverses[0]]
            kept[Spent, spent.name] = replace(spent, returned=spent.returned + entry.amount)
        if entry.seq in self._writeoffs:
            writeoff = self._writeoffs[entry.seq]
            kept[Writeoff, writeoff.name] = replace(writeoff, is_reversed=False)
        if entry.kind is Kind.VOID:
            self.end_grants(entry)

    def end_grants(self, entry: Entry) -> None:
        """Only the credit of void grants is voided."""
        for allocation in entry.allocations:
            if allocation.grant in self.account.grants:
                self.account.grants[allocation.grant].is_void = True

    def _between(self, books: Books) -> Iterator[tuple[int, Callable[[], None]]]:
        for amendment in books.amendments:
            yield amendment.seq, partial(self._amend, amendment)
        for hold in books.kept:
            if isinstance(hold, Hold):
                yield hold.since, partial(self._hold, hold, 1)
                if hold.until is not None:
                    yield hold.until, partial(self._hold, hold, -1)

    def _amend(self, amendment: Amendment) -> None:
        if amendment.grant in self.account.grants:
            self.account.amend(amendment)

    def _hold(self, hold: Hold, sign: int) -> None:
        # A hold stays open in `kept`: the message that ends it is decided while it still is.
        self.account.kept[Hold, hold.name] = replace(hold, until=None)
        for lot in hold.lots:
            if lot.grant in self.account.grants:
                self.account.grants[lot.grant].held += sign * lot.amount


@contextmanager
def _posting(entry: Entry) -> Iterator[None]:
    try:
        yield
    except (AssertionError, LookupError) as error:
        raise BrokenLedgerError(f"entry {entry.seq} cannot be posted again") from error


def profile_of(entry: Entry) -> Profile:
    """The order of use that an entry was decided by."""
    if entry.order not in _BY_LABEL:
        raise BrokenLedgerError(f"entry {entry.seq} names an unknown order of use, {entry.order}")
    return _BY_LABEL[entry.order]


def _begun(grant: Grant, first: Amendment | None) -> Grant:
    """A grant as it was before anything came of it, on the terms that it came with."""
    begun = replace(grant, remaining=0, used=0, expired=0, voided=0, moved=0, held=0, is_void=False)
    if first is None:
        return begun
    return replace(begun, expires_at=first.expires_before, priority=first.priority_before)


def _bring_to(grant: Grant, went: ClosingGrant) -> None:
    """Let all of it be gone that was by a closing."""
    grant.used, grant.expired, grant.voided, grant.moved = gone = went[3:]
    grant.remaining = went.amount - sum(gone)
    grant.is_void = went.voided > 0


def _untouched(invoice: Invoice) -> Invoice:
    status = InvoiceStatus.OPEN
    return replace(invoice, status=status, uses=[], entries=[], terms=NIL, written_off=0)
