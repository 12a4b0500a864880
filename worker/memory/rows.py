"""The committed rows of one account, and the working copies that a gather hands out."""

from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from domain.account import Account
from domain.bill import Invoice
from domain.changes import Amended, Key
from domain.credit import Grant, GrantDetails
from domain.identity import AccountKey, Id128
from domain.kept import Hold, Spent
from domain.ledger import Entry, Receipt
from domain.settings import NOTHING_SET, AccountSettings
from domain.vocabulary import InvoiceStatus


class AccountRow(NamedTuple):
    """The account's own row; its fields are those of `Account` behind the id, in order."""

    key: AccountKey
    balance: int = 0
    seq: int = 0
    event_seq: int = 0
    head: bytes = bytes(32)
    decided_at: datetime | None = None
    settings: AccountSettings = NOTHING_SET
    has_enough: bool = False

    @classmethod
    def of(cls, account: Account) -> "AccountRow":
        """The row that a decided account leaves."""
        return cls(*(getattr(account, name) for name in cls._fields))


@dataclass(slots=True, eq=False)
class AccountRows:
    """All that is committed of one account. Read it freely; only the store writes it."""

    id: Id128
    account: AccountRow
    entries: list[Entry] = field(default_factory=list)
    grants: dict[str, Grant] = field(default_factory=dict)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    receipts: dict[Key, Receipt] = field(default_factory=dict)
    kept: dict[tuple[type[Any], str | int], Any] = field(default_factory=dict)
    details: dict[str, GrantDetails] = field(default_factory=dict)
    """What people read about a grant."""
    amendments: list[Amended] = field(default_factory=list)
    _open: dict[str, Grant] = field(default_factory=dict)
    _by_external_id: dict[str, Grant] = field(default_factory=dict)

    def working_copy(self) -> Account:
        """The account with its open grants and nothing else."""
        account = Account(self.id, **self.account._asdict())
        account.grants = {name: _working(grant) for name, grant in self._open.items()}
        return account

    def load_grant(self, account: Account, name: str) -> None:
        """Add the grant of this name, where there is one."""
        if name in self.grants and name not in account.grants:
            account.grants[name] = _working(self.grants[name])

    def load_external(self, account: Account, external_id: str) -> None:
        """Add the grant of this external id, where there is one."""
        if external_id in self._by_external_id:
            self.load_grant(account, self._by_external_id[external_id].grant)

    def load_invoice(self, account: Account, name: str) -> None:
        """Add the invoice, where there is one."""
        known = self.invoices.get(name)
        if known is not None and name not in account.invoices:
            invoice = replace(known, uses=list(known.uses), entries=list(known.entries))
            account.invoices[name] = invoice

    def load_open_invoices(self, account: Account) -> None:
        """Add the invoices that credit could still pay (R11)."""
        for name, invoice in self.invoices.items():
            if invoice.status is InvoiceStatus.OPEN and invoice.unpaid > 0:
                self.load_invoice(account, name)

    def load_kept(self, account: Account, kind: type[Any], name: str | int) -> None:
        """Add a hold, transfer, write-off or earlier entry, where there is one."""
        known = self.kept.get((kind, name))
        if known is None and kind is Spent and int(name) <= len(self.entries):
            entry = self.entries[int(name) - 1]
            known = Spent(entry.seq, entry.kind, entry.invoice, entry.allocations)
        if known is not None:
            account.kept.setdefault((kind, name), known)

    def load_open_holds(self, account: Account) -> None:
        """Add the holds that reserve something."""
        for (kind, name), kept in self.kept.items():
            if kind is Hold and kept.is_open:
                self.load_kept(account, kind, name)

    def amend(self, amended: Amended) -> None:
        """Keep an amendment, and what it says to people of the grant."""
        self.amendments.append(amended)
        _, change, _ = amended
        details = self.details.get(change.grant) or GrantDetails()
        if change.memo is not None:
            details = details._replace(memo=change.memo)
        if change.reference_number is not None:
            details = details._replace(reference_number=change.reference_number)
        self.details[change.grant] = details

    def receipt(self, key: Key) -> Receipt | None:
        """A copy of the receipt, where there is one."""
        known = self.receipts.get(key)
        return None if known is None else replace(known)

    def put(self, grant: Grant) -> bool:
        """Insert or update a grant; returns whether it has only now something to expire."""
        known = self.grants.get(grant.grant)
        if grant.details is not None:
            self.details[grant.grant] = grant.details
            grant.details = None
        self.grants[grant.grant] = grant
        if grant.external_id is not None:
            self._by_external_id[grant.external_id] = grant
        if grant.remaining > 0:
            self._open[grant.grant] = grant
        else:
            self._open.pop(grant.grant, None)
        return grant.free > 0 and (
            known is None or known.free <= 0 or known.expires_at != grant.expires_at
        )


_values = attrgetter(*(column.name for column in fields(Grant) if column.init))


def _working(grant: Grant) -> Grant:
    working = Grant(*_values(grant))
    working.details = None
    return working
