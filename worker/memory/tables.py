"""What is committed: the tables of the database in memory."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from db.errors import Impossible
from db.values import Quarantined, Unsent
from domain.account import TenantSettings
from domain.changes import Changes
from domain.identity import NIL, AccountKey, Id128
from worker.memory.calendar import Calendar, Date
from worker.memory.rows import AccountRow, AccountRows


class Tables:
    """Rows by their keys. Only a commit writes here, and it writes everything at once."""

    def __init__(self) -> None:
        self.accounts: dict[Id128, AccountRows] = {}
        self.outbox: dict[int, Unsent] = {}
        self.quarantined: dict[str, Quarantined] = {}
        self.settings: dict[str, TenantSettings] = {}
        self._calendar = Calendar(self._holds)

    def check(self, changes: Changes) -> None:
        """Refuse what a database's keys and checks would refuse. The accounts are locked."""
        for key in changes.receipts:
            _refuse(key in self._rows(key.account_id).receipts, "receipt", key)
        for account_id, grant in changes.new_grants:
            _refuse(grant in self._rows(account_id).grants, "grant", grant)
        for account_id, invoice in changes.new_invoices:
            _refuse(invoice in self._rows(account_id).invoices, "invoice", invoice)
        seqs: dict[Id128, int] = {}
        for entry in changes.entries:
            before = seqs.get(entry.account_id, self._rows(entry.account_id).account.seq)
            _refuse(entry.seq != before + 1 or entry.balance < 0, "entry", entry.seq)
            seqs[entry.account_id] = entry.seq

    def write(self, changes: Changes) -> None:
        """Put the rows in; the objects belong to the tables from now on."""
        for entry in changes.entries:
            self.accounts[entry.account_id].entries.append(entry)
        for grants in (changes.new_grants, changes.grants):
            for (account_id, _), grant in grants.items():
                rows = self.accounts[account_id]
                if rows.put(grant):
                    self._calendar.note(rows.account.key.tenant, account_id, grant)
        for invoices in (changes.new_invoices, changes.invoices):
            for (account_id, name), invoice in invoices.items():
                self.accounts[account_id].invoices[name] = invoice
        for receipts in (changes.receipts, changes.seen_again):
            for key, receipt in receipts.items():
                self.accounts[key.account_id].receipts[key] = receipt
        for account in changes.accounts.values():
            self.accounts[account.id].account = AccountRow.of(account)

    def set_aside(self, rows: Iterable[Quarantined]) -> None:
        """Quarantine, once for the same bytes."""
        for row in rows:
            self.quarantined[row.digest] = row

    def accounts_due(self, now: datetime, count: int) -> dict[Id128, AccountKey]:
        """Some accounts that hold credit whose time and late window are over (R3)."""
        due: list[Id128] = []
        for tenant in self._calendar.tenants():
            until = now - self._settings(tenant).late_window
            due += self._calendar.accounts(tenant, until, count - len(due))
        return {account_id: self.accounts[account_id].account.key for account_id in due}

    def next_due(self) -> datetime | None:
        """The earliest instant at which an account is due."""
        dates = [
            _later(date.expires_at, self._settings(tenant).late_window)
            for tenant in self._calendar.tenants()
            if (date := self._calendar.first(tenant)) is not None
        ]
        return min(dates, default=None)

    def _rows(self, account_id: Id128) -> AccountRows:
        return self.accounts.get(account_id) or _NO_ROWS

    def _settings(self, tenant: str) -> TenantSettings:
        return self.settings.get(tenant) or _DEFAULTS

    def _holds(self, date: Date) -> bool:
        grant = self.accounts[date.account_id].grants[date.grant]
        return grant.expires_at == date.expires_at and grant.remaining > grant.held


def _refuse(wrong: bool, what: str, which: object) -> None:
    if wrong:
        raise Impossible(f"{what} {which} does not fit the rows that are there")


def _later(instant: datetime, duration: timedelta) -> datetime:
    """No later than the last instant there is: people write "never" as the year 9999."""
    return instant + duration if instant <= _LAST - duration else _LAST


_LAST = datetime.max.replace(tzinfo=UTC)
_NO_ROWS = AccountRows(NIL, AccountRow(AccountKey("", "", "")))
_DEFAULTS = TenantSettings()
