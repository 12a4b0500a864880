"""The decision behind an entry, made again on the account as it was before it.

Where several messages could have led to the entry, each is tried in turn. When none fits, the
decision was wrong, or the ledger was changed.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from db.look_ups import Opening
from domain.account import Account
from domain.bill import Invoice
from domain.books import Books
from domain.decision import Draft, Instants
from domain.expiry import HOLD_TYPE, due_expiries
from domain.expiry import TYPE as EXPIRY_TYPE
from domain.holds import let_go
from domain.identity import NIL
from domain.kept import Hold, Transfer
from domain.ledger import Entry
from domain.messages import Digests, Message
from domain.money import AMOUNT_MAX
from domain.order import Profile
from domain.settings import TenantSettings
from domain.verbs import VERBS
from domain.vocabulary import Kind
from worker.cli.explain_bodies import asked, bodies
from worker.cli.explain_ledger import BrokenLedgerError, Replay, profile_of

_ARRIVALS = (Kind.GRANT, Kind.TRANSFER_IN)
_PLAN = "any"
_FROM_THE_FIRST = Opening()
_READS_NO_AMOUNT = ("invoice.voided", "credit.reverse", "writeoff.reverse")

__all__ = ["BrokenLedgerError", "Case", "cases"]


@dataclass(frozen=True, slots=True)
class Case:
    """An entry, and the account just before it. Good until the next case."""

    account: Account
    entry: Entry
    entries: Sequence[Entry]
    """All entries of its message."""
    profile: Profile
    invoice: Invoice | None
    """The entry's invoice just before it."""
    has_changed: bool
    """Whether the invoice's amount or lines have changed since, so that nobody knows them."""
    hold: Hold | None
    """The hold that the entry captured."""
    drafts: Sequence[Draft] | None
    """What is decided now; None for a message that cannot be decided again."""
    grants: int
    """How many grants had come, without those of write-offs; `account` may have fewer."""
    amended: frozenset[str]
    """The grants that have got other terms since."""
    to_customer: str | None
    """Whom a transfer went to."""

    @property
    def agrees(self) -> bool | None:
        """Whether the same comes out as is stored; None when nobody can tell."""
        return None if self.drafts is None else _same(self.drafts, self.entries)

    @property
    def came(self) -> frozenset[str]:
        """The grants that the entry's own message brought (R11)."""
        arrivals = (entry for entry in self.entries if entry.kind in _ARRIVALS)
        return frozenset(a.grant for entry in arrivals for a in entry.allocations)


def cases(
    books: Books,
    ledger: Iterable[Entry],
    wanted: Collection[int],
    opening: Opening = _FROM_THE_FIRST,
) -> Iterator[Case]:
    """The cases of the entries of these numbers; reads the ledger no further than needed.

    The ledger begins behind the opening. Raises BrokenLedgerError.
    """
    replay, left = Replay(books, opening), set(wanted)
    for _, group in groupby(ledger, key=_decided_with):
        entries = tuple(group)
        replay.check_follows(entries[0])
        replay.begin(entries[0])
        here = left & {entry.seq for entry in entries}
        drafts = None
        if here:
            replay.decide_from(entries[0])
            drafts = _decided(replay, entries, books)
        for entry in entries:
            replay.check_follows(entry)
            if entry.seq in here:
                yield _case(replay, entry, entries, drafts, books)
            replay.post(entry)
        left -= here
        if not left:
            return
    raise BrokenLedgerError(f"entry {min(left)} is not there")


def _decided_with(entry: Entry) -> Any:
    """Alike for the entries of one decision; a grant may expire again, and by the same cause."""
    return entry.cause, entry.seq if entry.cause.type == EXPIRY_TYPE else 0


def _case(
    replay: Replay,
    entry: Entry,
    entries: Sequence[Entry],
    drafts: Sequence[Draft] | None,
    books: Books,
) -> Case:
    invoice = replay.bill(entry.invoice) if entry.invoice is not None else None
    return Case(
        account=replay.account,
        entry=entry,
        entries=entries,
        profile=profile_of(entry),
        invoice=invoice,
        has_changed=invoice is not None and entry.seq <= invoice.revised,
        hold=replay.account.find(Hold, asked(entry).get("hold") or ""),
        drafts=drafts,
        grants=replay.came,
        amended=frozenset(one.grant for one in books.amendments if one.seq >= entry.seq),
        to_customer=_sent_to(entry, books),
    )


def _sent_to(entry: Entry, books: Books) -> str | None:
    sent = (kept for kept in books.kept if isinstance(kept, Transfer))
    return next((kept.to_customer for kept in sent if kept.seq == entry.seq), None)


def _decided(replay: Replay, entries: Sequence[Entry], books: Books) -> Sequence[Draft] | None:
    """The first decision that fits, or else the first; None where there is too little to go by."""
    account, entry = replay.account, entries[0]
    if entry.kind not in _ARRIVALS:
        for other in entries:
            if other.kind is Kind.VOID and other.cause.type != "credit.void":
                replay.end_grants(other)
    if entry.cause.type == EXPIRY_TYPE:
        return _expired(account, entry)
    if entry.cause.type == HOLD_TYPE:
        return _let_go(account, entry)
    names = dict.fromkeys(entry.invoice for entry in entries if entry.invoice is not None)
    bills = {name: replace(replay.bill(name), auto_apply=True) for name in names}
    has_changed = any(entry.seq <= bill.revised for bill in bills.values())
    if has_changed and entry.cause.type not in _READS_NO_AMOUNT:
        return None
    return _fitting(replay, entries, books, bills)


def _fitting(
    replay: Replay, entries: Sequence[Entry], books: Books, bills: dict[str, Invoice]
) -> Sequence[Draft] | None:
    account, grants, entry, first = replay.account, replay.grants, entries[0], None
    at = Instants(entry.recorded_at, entry.dated_at)
    settings = _settings(entries, account.key.currency)
    seen = replace(account, invoices={} if entry.cause.type == "invoice.created" else bills)
    for body in bodies(entries, books, grants, next(iter(bills.values()), None)):
        _, decide = VERBS[entry.cause.type]
        message = Message(entry.cause, at.t, body, Digests(NIL, NIL), raw=b"")
        drafts = decide(seen, message, body, at, settings).drafts
        if _same(drafts, entries):
            return drafts
        first = drafts if first is None else first
    return first


def _settings(entries: Sequence[Entry], currency: str) -> TenantSettings:
    """Such as let the message come to what it did; amounts and order follow from the rest."""
    brought = entries[0].kind is Kind.GRANT and len(entries) > 1
    return TenantSettings(
        order=profile_of(entries[0]).name,
        apply_to_open_invoices=brought,
        plan=_PLAN,
        tolerances={_PLAN: {currency: AMOUNT_MAX}},
    )


def _same(drafts: Sequence[Draft], entries: Sequence[Entry]) -> bool:
    decided = [(draft.kind, draft.allocations, draft.reverses) for draft in drafts]
    return decided == [(entry.kind, entry.allocations, entry.reverses) for entry in entries]


def _expired(account: Account, entry: Entry) -> Sequence[Draft]:
    """By the time it was recorded its late window was over, however long that was."""
    due = due_expiries(account, entry.recorded_at)
    return [Draft(Kind.EXPIRY, (row.allocation,)) for row in due if row.cause == entry.cause]


def _let_go(account: Account, entry: Entry) -> Sequence[Draft]:
    """Of a hold whose time was over; the credit of void grants is voided then."""
    hold = account.find(Hold, entry.cause.id.rpartition("@")[0])
    return () if hold is None else let_go(account, hold).drafts
