"""An account as it was before an entry, rebuilt from its ledger, and the decision made again.

Where several messages could have led to the entry, each is tried in turn. When none fits, the
ledger does not tell all (of a hold, an amended grant, an invoice whose amount has changed), or the
decision was wrong.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from operator import attrgetter

from domain.account import Account, Grant, Invoice, TenantSettings
from domain.decision import Draft, Instants
from domain.expiry import TYPE as EXPIRY_TYPE
from domain.expiry import due_expiries
from domain.identity import NIL, AccountKey, account_id
from domain.ledger import Entry
from domain.messages import Body, Digests, Message
from domain.order import PROFILES, Profile
from domain.verbs import VERBS
from domain.vocabulary import InvoiceStatus, Kind
from worker.cli.explain_bodies import Stored, bodies

_BY_LABEL = {profile.label: profile for profile in PROFILES.values()}


class BrokenLedgerError(Exception):
    """The entries cannot be posted again; `scrip verify` says what is wrong with them."""


@dataclass(frozen=True, slots=True)
class Case:
    """The entries of one message, and the account just before them. Good until the next case."""

    account: Account
    entries: Sequence[Entry]
    profile: Profile
    invoice: Invoice | None
    """The entries' invoice just before them."""
    body: Body | None
    """The message as it must have been; None where nothing fits."""
    drafts: Sequence[Draft] | None
    """What is decided now; None for a type of message that cannot be decided again."""

    @property
    def agrees(self) -> bool | None:
        """Whether the same comes out as is stored; None when nobody can tell."""
        return None if self.drafts is None else _same(self.drafts, self.entries)


def cases(
    key: AccountKey, stored: Stored, ledger: Iterable[Entry], wanted: Collection[int]
) -> Iterator[Case]:
    """The cases that hold the entries of these numbers; reads the ledger no further than needed.

    Raises BrokenLedgerError.
    """
    account, left = Account(account_id(key), key), set(wanted)
    for _, group in groupby(ledger, key=attrgetter("cause")):
        entries = tuple(group)
        _check_follows(account, entries[0])
        seqs = {entry.seq for entry in entries}
        if account.seq == 0 or left & seqs:
            account.enter(entries[0].recorded_at, profile_of(entries[0]).rank)
        if left & seqs:
            yield _case(account, entries, stored)
            left -= seqs
        if not left:
            return
        for entry in entries:
            _check_follows(account, entry)
            _post(account, entry, stored)


def profile_of(entry: Entry) -> Profile:
    """The order of use that an entry was decided by."""
    if entry.order not in _BY_LABEL:
        raise BrokenLedgerError(f"entry {entry.seq} names an unknown order of use, {entry.order}")
    return _BY_LABEL[entry.order]


def _check_follows(account: Account, entry: Entry) -> None:
    if (account.seq + 1, account.balance + entry.amount) != (entry.seq, entry.balance):
        raise BrokenLedgerError(f"entry {entry.seq} does not follow from those before it")


def _post(account: Account, entry: Entry, stored: Stored) -> None:
    """Post an entry again, on grants and invoices that begin empty."""
    try:
        for grant in {a.grant for a in entry.allocations} - account.grants.keys():
            account.grants[grant] = _empty(stored.grants[grant])
        invoice = None
        if entry.invoice is not None:
            blank = _untouched(stored.invoices[entry.invoice])
            invoice = account.invoices.setdefault(entry.invoice, blank)
        account.post(entry.kind, invoice, entry.allocations)
    except (AssertionError, LookupError) as error:
        raise BrokenLedgerError(f"entry {entry.seq} cannot be posted again") from error
    if entry.kind is Kind.VOID:
        for allocation in entry.allocations:
            account.grants[allocation.grant].is_void = True


def _empty(grant: Grant) -> Grant:
    return replace(grant, remaining=0, used=0, expired=0, voided=0, moved=0, held=0, is_void=False)


def _untouched(invoice: Invoice) -> Invoice:
    return replace(invoice, status=InvoiceStatus.OPEN, uses=[], entries=[], terms=None)


def _case(account: Account, entries: Sequence[Entry], stored: Stored) -> Case:
    entry = entries[0]
    case = Case(account, entries, profile_of(entry), _before(account, entry, stored), None, None)
    if entry.cause.type == EXPIRY_TYPE:
        return replace(case, drafts=_expired(account, entry))
    at = Instants(entry.recorded_at, entry.dated_at)
    settings, first = TenantSettings(order=case.profile.name), None
    for body in bodies(account.key, entry, stored):
        _, decide = VERBS[entry.cause.type]
        message = Message(entry.cause, at.t, body, Digests(NIL, NIL), raw=b"")
        drafts = decide(account, message, body, at, settings).drafts
        if _same(drafts, entries):
            return replace(case, body=body, drafts=drafts)
        first = drafts if first is None else first
    return replace(case, drafts=first)


def _before(account: Account, entry: Entry, stored: Stored) -> Invoice | None:
    if entry.invoice is None:
        return None
    if entry.invoice not in stored.invoices:
        raise BrokenLedgerError(f"entry {entry.seq} names an unknown invoice, {entry.invoice}")
    return account.invoices.get(entry.invoice) or _untouched(stored.invoices[entry.invoice])


def _same(drafts: Sequence[Draft], entries: Sequence[Entry]) -> bool:
    decided = [(draft.kind, draft.allocations, draft.reverses) for draft in drafts]
    return decided == [(entry.kind, entry.allocations, entry.reverses) for entry in entries]


def _expired(account: Account, entry: Entry) -> Sequence[Draft]:
    """By the time it was recorded its late window was over, however long that was."""
    due = due_expiries(account, entry.recorded_at, timedelta(0))
    return [Draft(Kind.EXPIRY, (row.allocation,)) for row in due if row.cause == entry.cause]
