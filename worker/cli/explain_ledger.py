"""An account put together again entry by entry, with what lay between the entries in its place.

Grants begin with the terms they came with, holds and amendments come at the seqs that they keep.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from domain.account import Account
from domain.bill import Invoice
from domain.books import Books
from domain.credit import Grant
from domain.identity import NIL, account_id
from domain.kept import Amendment, Hold, Spent, Writeoff
from domain.ledger import Entry
from domain.order import PROFILES, Profile
from domain.vocabulary import InvoiceStatus, Kind

_BY_LABEL = {profile.label: profile for profile in PROFILES.values()}
_ENDS_A_GRANT = ("credit.void", "writeoff.reverse")


class BrokenLedgerError(Exception):
    """The entries cannot be posted again; `scrip verify` says what is wrong with them."""


class Replay:
    """An account on its way from nothing to what it is."""

    def __init__(self, books: Books) -> None:
        self.account = Account(account_id(books.key), books.key)
        self.grants = {grant.grant: _begun(grant, books) for grant in books.grants}
        """Every grant there will be, on the terms of the time; empty until it comes."""
        self._invoices = {invoice.invoice: invoice for invoice in books.invoices}
        self._writeoffs = {kept.seq: kept for kept in books.kept if isinstance(kept, Writeoff)}
        self._steps = sorted(self._between(books), key=lambda step: step[0])[::-1]

    def begin(self, entry: Entry) -> None:
        """Take in all that came before an entry and behind the one before it."""
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
        try:
            for name in {a.grant for a in entry.allocations} - account.grants.keys():
                account.grants[name] = self.grants[name]
            invoice = None
            if entry.invoice is not None:
                invoice = account.invoices[entry.invoice] = self.bill(entry.invoice)
            account.post(entry.kind, invoice, entry.allocations, entry.reverses)
        except (AssertionError, LookupError) as error:
            raise BrokenLedgerError(f"entry {entry.seq} cannot be posted again") from error
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
        if entry.kind is Kind.VOID and entry.cause.type in _ENDS_A_GRANT:
            self.end_grants(entry)

    def end_grants(self, entry: Entry) -> None:
        """A grant is void from its first voiding on."""
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


def profile_of(entry: Entry) -> Profile:
    """The order of use that an entry was decided by."""
    if entry.order not in _BY_LABEL:
        raise BrokenLedgerError(f"entry {entry.seq} names an unknown order of use, {entry.order}")
    return _BY_LABEL[entry.order]


def _begun(grant: Grant, books: Books) -> Grant:
    """A grant as it was before anything came of it, on the terms that it came with."""
    first = next((change for change in books.amendments if change.grant == grant.grant), None)
    begun = replace(grant, remaining=0, used=0, expired=0, voided=0, moved=0, held=0, is_void=False)
    if first is None:
        return begun
    return replace(begun, expires_at=first.expires_before, priority=first.priority_before)


def _untouched(invoice: Invoice) -> Invoice:
    status = InvoiceStatus.OPEN
    return replace(invoice, status=status, uses=[], entries=[], terms=NIL, written_off=0)
