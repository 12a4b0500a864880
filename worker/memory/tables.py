"""What is committed: the tables of the database in memory."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from db.errors import Impossible
from db.values import Quarantined, Unsent
from domain.changes import Changes
from domain.credit import Grant
from domain.identity import NIL, AccountKey, Id128
from domain.kept import Hold
from domain.settings import TenantSettings
from worker.memory.calendar import Calendar, Date
from worker.memory.rows import AccountRow, AccountRows


class Tables:
    """Rows by their keys. Only a commit writes here, and it writes everything at once."""

    def __init__(self) -> None:
        self.accounts: dict[Id128, AccountRows] = {}
        self.outbox: dict[int, Unsent] = {}
        self.quarantined: dict[str, Quarantined] = {}
        self.settings: dict[str, TenantSettings] = {}
        self._now = datetime.min.replace(tzinfo=UTC)
        self._ends = Calendar(self._is_due)
        self._to_announce = Calendar(self._is_unannounced)

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
        self._write_grants(changes)
        self._write_kept(changes)
        for invoices in (changes.new_invoices, changes.invoices):
            for (account_id, name), invoice in invoices.items():
                self.accounts[account_id].invoices[name] = invoice
        for receipts in (changes.receipts, changes.seen_again):
            for key, receipt in receipts.items():
                self.accounts[key.account_id].receipts[key] = receipt
        for account in changes.accounts.values():
            self.accounts[account.id].account = AccountRow.of(account)

    def _write_grants(self, changes: Changes) -> None:
        for grants in (changes.new_grants, changes.grants):
            for (account_id, _), grant in grants.items():
                if self.accounts[account_id].put(grant):
                    self._note(account_id, grant)
        for amended in changes.amended:
            rows = self.accounts[amended.account_id]
            grant = changes.accounts[rows.id].grants[amended.amendment.grant]
            rows.put(grant)
            rows.amend(amended)
            self._note(rows.id, grant)
        for account_id, told in changes.announced:
            self.accounts[account_id].put(changes.accounts[account_id].grants[told])

    def _write_kept(self, changes: Changes) -> None:
        for (kind, account_id, name), kept in changes.kept.items():
            self.accounts[account_id].kept[kind, name] = kept
            if isinstance(kept, Hold) and kept.expires_at is not None:
                date = Date(kept.expires_at, account_id, "hold", kept.name)
                self._ends.note(self._tenant(account_id), date)
        for tenant, settings in changes.tenants:
            self.settings[tenant] = settings

    def set_aside(self, rows: Iterable[Quarantined]) -> None:
        """Quarantine, once for the same bytes."""
        for row in rows:
            self.quarantined[row.digest] = row

    def accounts_due(self, now: datetime, count: int, notice: timedelta) -> dict[Id128, AccountKey]:
        """Some accounts for which `domain.expiry.expire_batch` has something to do (R3)."""
        self._now = now
        due: list[Id128] = []
        for tenant in self._ends.tenants():
            until = now - self._settings(tenant).late_window
            due += self._ends.accounts(tenant, until, count - len(due))
        for tenant in self._to_announce.tenants():
            due += self._to_announce.accounts(tenant, now + notice, count - len(due))
        return {account_id: self.accounts[account_id].account.key for account_id in due}

    def next_due(self) -> datetime | None:
        """The earliest instant at which something comes to its end."""
        dates = [
            _later(date.expires_at, self._settings(tenant).late_window)
            for tenant in self._ends.tenants()
            if (date := self._ends.first(tenant)) is not None
        ]
        return min(dates, default=None)

    def _note(self, account_id: Id128, grant: Grant) -> None:
        if grant.expires_at is not None:
            date = Date(grant.expires_at, account_id, "grant", grant.grant)
            self._ends.note(self._tenant(account_id), date)
            self._to_announce.note(self._tenant(account_id), date)

    def _tenant(self, account_id: Id128) -> str:
        return self.accounts[account_id].account.key.tenant

    def _rows(self, account_id: Id128) -> AccountRows:
        return self.accounts.get(account_id) or _NO_ROWS

    def _settings(self, tenant: str) -> TenantSettings:
        return self.settings.get(tenant) or _DEFAULTS

    def _is_due(self, date: Date) -> bool:
        rows = self.accounts[date.account_id]
        if date.what == "hold":
            hold: Hold = rows.kept[Hold, date.name]
            return hold.is_open
        grant = rows.grants[date.name]
        return grant.expires_at == date.expires_at and grant.free > 0

    def _is_unannounced(self, date: Date) -> bool:
        grant = self.accounts[date.account_id].grants[date.name]
        counts = grant.expires_at == date.expires_at and grant.remaining > 0
        counts = counts and not grant.is_announced and not grant.is_void
        return counts and date.expires_at > self._now


def _refuse(wrong: bool, what: str, which: object) -> None:
    if wrong:
        raise Impossible(f"{what} {which} does not fit the rows that are there")


def _later(instant: datetime, duration: timedelta) -> datetime:
    """No later than the last instant there is: people write "never" as the year 9999."""
    return instant + duration if instant <= _LAST - duration else _LAST


_LAST = datetime.max.replace(tzinfo=UTC)
_NO_ROWS = AccountRows(NIL, AccountRow(AccountKey("", "", "")))
_DEFAULTS = TenantSettings()
