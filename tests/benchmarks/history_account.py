"""One account's life, a message at a time.

Of the messages 80% are invoices, 10% deductions and 10% grants, so that credit comes in about as
fast as it goes out. What happens seldom (voids, reversals, write-offs) is decided by the verbs of
`domain/` themselves. The rest is the one thing that they come to here, written out: credit of one
account that ends in 2040 or never, used in the order of use. It is twice as fast, and a benchmark
begins with millions of it; `scrip verify` sees to it that it is the same.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from domain.account import Account
from domain.batch import decide_batch
from domain.bill import Invoice, Use
from domain.changes import State
from domain.credit import Allocation, Grant, GrantDetails
from domain.deductions import DeductCredit
from domain.digests import context_text, digests
from domain.grant_voids import VoidCredit
from domain.grants import GrantCredit
from domain.identity import AccountKey, account_id
from domain.invoices import InvoiceCreated
from domain.kept import Spent
from domain.ledger import Entry, Receipt, chain_hash
from domain.messages import Body, Cause, CreatedBy, Message, Tag
from domain.order import PROFILES
from domain.reversals import ReverseCredit
from domain.settings import TenantSettings
from domain.vocabulary import Category, InvoiceStatus, Kind, Outcome
from domain.voids import InvoiceVoided
from domain.writeoffs import PaymentShortfall
from tests.benchmarks.history_rows import Unwritten

_ORDER = PROFILES["standard"]
_SETTINGS = TenantSettings(plan="standard", tolerances={"standard": {"USD": 100}})
_SELDOM = 0.005
_OPEN_MAX = 6
_ENDS = (None, *(datetime(2040, month, 1, tzinfo=UTC) for month in range(1, 13, 3)))
_CATEGORIES = tuple(Category)


def _said(*tags: Tag, by: str | None = None, note: str | None = None) -> str | None:
    person = CreatedBy(by) if by else None
    return context_text(Body(customer="", currency="", created_by=person, note=note, tags=tags))


_OPENING = _said(Tag("origin", "import"), by="ana", note="Opening balance")
_ON_GRANTS = (_said(by="ana", note="Goodwill"), _said(by="ben", note="Top-up"), None)
_ON_INVOICES = (*(None,) * 38, *(_said(by="billing"),) * 11, _said(Tag("channel", "web")))


class Life:
    """An account while its history is made; `chance` gives numbers from 0 to 1."""

    def __init__(self, key: AccountKey, entries: int, chance: Callable[[], float]) -> None:
        self._account, self._entries, self._chance = Account(account_id(key), key), entries, chance
        self._open: list[Grant] = []
        self._messages = 0

    @property
    def is_over(self) -> bool:
        """Whether it has all of its entries."""
        return self._account.seq >= self._entries

    def turn(self, now: datetime, to: Unwritten) -> None:
        """The next message; where something happens that is seldom, also the one behind it."""
        chance, account = self._chance, self._account
        account.decided_at = now
        choice, amount = chance(), 100 + int(chance() * 4_900)
        if account.balance < amount or (choice < 0.1 and len(self._open) < _OPEN_MAX):
            self._grant(5_000 + 6 * amount, to)
        elif chance() < _SELDOM and self._entries - account.seq > 2:
            self._decide(self._seldom(int(chance() * 4), amount), to)
        elif choice < 0.2:
            used = self._use(50 + amount // 6, to)
            self._post("credit.deduct", Kind.DEDUCTION, used, to)
        else:
            self._bill(amount, to)

    def end(self, to: Unwritten) -> None:
        """The rows that change with every message."""
        to.grants += [(self._account.id, grant) for grant in self._open]
        to.accounts.append(self._account)

    def _grant(self, amount: int, to: Unwritten) -> None:
        account, chance, name = self._account, self._chance, f"gr-{self._messages:08d}"
        grant = Grant(
            name,
            account.seq + 1,
            amount,
            amount,
            _CATEGORIES[int(chance() * 2)],
            50 + 10 * int(chance() * 2),
            expires_at=_ENDS[int(chance() * 5)],
            terms=account.id,
            details=GrantDetails(reference_number=f"po-{self._messages // 50}"),
        )
        insort(self._open, grant, key=_ORDER.rank)
        said = _ON_GRANTS[int(chance() * 3)] if account.seq else _OPENING
        lots = (Allocation(name, None, amount),)
        self._post("credit.grant", Kind.GRANT, lots, to, said=said)

    def _bill(self, amount: int, to: Unwritten) -> None:
        account, name = self._account, self._invoice()
        used = self._use(amount, to)
        invoice = Invoice(name, amount, InvoiceStatus.OPEN, issued_at=account.decided_at)
        said = _ON_INVOICES[int(self._chance() * len(_ON_INVOICES))]
        self._post("invoice.created", Kind.APPLICATION, used, to, name, said)
        invoice.terms, invoice.entries = account.id, [account.seq]
        invoice.uses = [Use(*lot, account.seq) for lot in used]
        to.invoices.append((account.id, invoice))

    def _use(self, amount: int, to: Unwritten) -> tuple[Allocation, ...]:
        """Take credit that is there, in the order of use."""
        used = list[Allocation]()
        while amount:
            grant = self._open[0]
            part = min(amount, grant.remaining)
            used.append(Allocation(grant.grant, None, part))
            grant.remaining, grant.used, amount = (
                grant.remaining - part,
                grant.used + part,
                (amount - part),
            )
            if not grant.remaining:
                to.grants.append((self._account.id, self._open.pop(0)))
        return tuple(used)

    def _post(
        self,
        kind: str,
        entry_kind: Kind,
        lots: tuple[Allocation, ...],
        to: Unwritten,
        invoice: str | None = None,
        said: str | None = None,
    ) -> None:
        """The entry and the receipt; the events have long been delivered."""
        account, at = self._account, to.at
        amount = sum(lot.amount for lot in lots) * (1 if entry_kind is Kind.GRANT else -1)
        account.balance += amount
        account.seq += 1
        account.event_seq += 1 if invoice is None else 2
        entry = Entry(
            account.id,
            account.seq,
            entry_kind,
            amount,
            account.balance,
            invoice,
            lots,
            (),
            self._cause(kind),
            _ORDER.label,
            *at,
            said,
            None,
        )
        account.head = chain_hash(entry, account.head)
        to.entries.append(entry._replace(hash=account.head))
        seq, done = account.seq, Outcome.APPLIED
        receipt = Receipt(account.id, entry.cause, account.id, done, None, at, seq, seq)
        receipt.event_seq = account.event_seq
        to.receipts.append(receipt)

    def _cause(self, kind: str) -> Cause:
        self._messages += 1
        return Cause("/billing", f"msg-{self._messages:010d}", kind)

    def _invoice(self) -> str:
        """A name of its own: billing systems count invoices across customers."""
        return f"inv-{self._account.id[:8]}-{self._messages:08d}"

    def _seldom(self, which: int, amount: int) -> Sequence[tuple[str, Body]]:
        """A message and the one behind it, on which the first one's fate depends."""
        account, whose = self._account, self._account.key._asdict()
        name = self._invoice() if which else f"gr-{self._messages:08d}"
        if which == 0:
            first: Body = GrantCredit(**whose, grant=name, amount=amount)
            return ("credit.grant", first), ("credit.void", VoidCredit(**whose, grant=name))
        if which == 1:
            back = ReverseCredit(**whose, entry=account.seq + 1, amount=amount // 2)
            return ("credit.deduct", DeductCredit(**whose, amount=amount)), ("credit.reverse", back)
        short = 40 if which == 2 else 0
        due = account.balance + short if short else amount
        first = InvoiceCreated(**whose, invoice=name, amount_due=due)
        if short:
            let_off = PaymentShortfall(**whose, invoice=name, shortfall=short)
            return ("invoice.created", first), ("payment.shortfall", let_off)
        return ("invoice.created", first), ("invoice.voided", InvoiceVoided(**whose, invoice=name))

    def _fresh(self) -> Account:
        """The account's row and nothing beside it."""
        old = self._account
        return Account(
            old.id, old.key, old.balance, old.seq, old.event_seq, old.head, old.decided_at
        )

    def _decide(self, bodies: Sequence[tuple[str, Body]], to: Unwritten) -> None:
        """By the code that decides all messages, on an account as a batch loads it."""
        account = self._account = self._fresh()
        account.grants = {grant.grant: grant for grant in self._open}
        named = account.seq + 1  # an entry that a message names is loaded with its batch
        account.kept[Spent, named] = Spent(named, Kind.DEDUCTION, None, ())
        messages = []
        for kind, body in bodies:
            cause = self._cause(kind)
            said = digests(kind, cause.id, body)
            messages.append(Message(cause, to.at.t, body, said, b""))
        state = State(to.at.now, {account.id: account}, settings={account.key.tenant: _SETTINGS})
        changes = decide_batch(state, messages)
        to.entries += changes.entries
        to.receipts += changes.receipts.values()
        to.invoices += [(account.id, invoice) for invoice in account.invoices.values()]
        to.kept |= changes.kept
        gone = (grant for grant in account.grants.values() if not grant.remaining)
        to.grants += [(account.id, grant) for grant in gone]
        self._open = list(account.in_order())
        self._account = self._fresh()
