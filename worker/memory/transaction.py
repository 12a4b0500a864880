"""A money transaction in memory: locked rows, working copies, and what is to be written."""

from collections.abc import Callable, Collection, Iterator, Sequence

from db.values import Quarantined, Unsent
from domain.changes import Changes, State
from domain.identity import Id128
from domain.settings import TenantSettings
from domain.wanted import Wanted, behind, expect
from worker.memory.rows import AccountRow, AccountRows
from worker.memory.tables import Tables
from worker.ports import Clock


class MemoryTransaction:
    """Sees what is committed, writes nothing before `commit`, holds its locks until `close`."""

    def __init__(
        self,
        tables: Tables,
        locks: set[Id128],
        outbox_ids: Iterator[int],
        clock: Clock,
        wait: Callable[[], None],
    ) -> None:
        self._tables, self._locks, self._clock, self._wait = tables, locks, clock, wait
        self._outbox_ids = outbox_ids
        self._rows: dict[Id128, AccountRows] = {}
        self._changes: Changes | None = None
        self._quarantined: Sequence[Quarantined] = ()
        self._unsent: Unsent | None = None

    def settings(self, tenants: Collection[str]) -> dict[str, TenantSettings]:
        """What some tenants have set, of those that have set anything."""
        known = self._tables.settings
        return {tenant: known[tenant] for tenant in tenants if tenant in known}

    def gather(self, want: Wanted) -> State:
        """Lock the accounts in account_id order, making the missing ones; load; read the clock."""
        for account_id in sorted(want.accounts):
            self._lock(account_id)
            known = self._tables.accounts.get(account_id)
            self._rows[account_id] = known or AccountRows(
                account_id, AccountRow(want.accounts[account_id])
            )
        receipts = ((key, self._rows[key.account_id].receipt(key)) for key in want.receipts)
        tenants = {key.tenant for key in want.accounts.values()}
        state = State(
            now=self._clock.now(),
            accounts={name: rows.working_copy() for name, rows in self._rows.items()},
            receipts={key: receipt for key, receipt in receipts if receipt is not None},
            settings=self.settings(tenants),
        )
        self._load(state, want)
        self._load(state, behind(state, want))
        self._load(state, behind(state, Wanted()))
        expect(state, want)
        return state

    def save(self, changes: Changes, quarantined: Sequence[Quarantined]) -> None:
        """Take over what has changed, the events as one outbox row."""
        self._tables.check(changes)
        self._changes, self._quarantined = changes, quarantined
        if changes.events:
            self._unsent = Unsent(next(self._outbox_ids), tuple(changes.events))

    def commit(self) -> None:
        """Make everything visible at once."""
        self._tables.accounts.update(self._rows)
        if self._changes is not None:
            self._tables.write(self._changes)
        self._tables.set_aside(self._quarantined)
        if self._unsent is not None:
            self._tables.outbox[self._unsent.id] = self._unsent

    def close(self) -> None:
        """Let go of the locks."""
        self._locks.difference_update(self._rows)

    def _lock(self, account_id: Id128) -> None:
        while account_id in self._locks:
            self._wait()
        self._locks.add(account_id)

    def _load(self, state: State, want: Wanted) -> None:
        """Add what is named, and nothing else."""
        rows, accounts = self._rows, state.accounts
        for account_id, name in want.grants:
            rows[account_id].load_grant(accounts[account_id], name)
        for account_id, name in want.external_ids:
            rows[account_id].load_external(accounts[account_id], name)
        for account_id, name in want.invoices:
            rows[account_id].load_invoice(accounts[account_id], name)
        for kind, names in want.kept.items():
            for account_id, name in names:
                rows[account_id].load_kept(accounts[account_id], kind, name)
        for account_id in want.open_holds:
            rows[account_id].load_open_holds(accounts[account_id])
        for account_id in want.open_invoices:
            rows[account_id].load_open_invoices(accounts[account_id])
