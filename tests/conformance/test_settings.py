"""What accounts and tenants have set, what amendments leave, and what the clock brings about."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from domain.account import Account
from domain.changes import Amended, Changes
from domain.credit import Allocation
from domain.decision import Instants
from domain.identity import AccountKey, account_id
from domain.kept import Amendment, Hold
from domain.ledger import Occasion
from domain.messages import Cause
from domain.settings import AccountSettings, TenantSettings
from domain.vocabulary import InvoiceStatus
from tests.conformance.building import (
    ALICE,
    T,
    account,
    changes_of,
    full_invoice,
    gather,
    grant,
    save,
    values,
    want,
)
from worker.ports import Store

DAY = timedelta(days=1)
NO_NOTICE = timedelta(0)
ID = account_id(ALICE)
EVERYTHING = TenantSettings(
    version=1,
    auto_apply=False,
    apply_to_open_invoices=True,
    low_balance=0,
    plan="pro",
    order="fifo",
    late_window=timedelta(seconds=90),
    tolerances={"pro": {"USD": 100, "JPY": 0}},
    units={"TOKEN": 4},
    default_currency="TOKEN",
)


def configure(store: Store, settings: AccountSettings) -> None:
    configured = Account(ID, ALICE, settings=settings, decided_at=T)
    changes = changes_of(ALICE, configured)
    changes.configured[ID] = configured
    save(store, ALICE, changes)


def amendment(number: int) -> Amended:
    """Says that a grant ends later and is used earlier."""
    said = Amendment("g", number, 1, T, T + number * DAY, 50, 50 - number, None, None)
    cause = Cause("shop", f"a{number}", "credit.amend")
    occasion = Occasion(cause, Instants(T, T), "standard/1", None)
    return Amended(ID, said, occasion)


def test_an_accounts_settings_are_kept_until_they_change(store: Store) -> None:
    for settings in (
        AccountSettings(False, True, 0, 'p "1"'),
        AccountSettings(None, False, 10**15, None),
        AccountSettings(),
    ):
        configure(store, settings)
        assert account(store, ALICE).settings == settings


def test_settings_are_saved_with_no_other_change(store: Store) -> None:
    """An account that only moves money leaves its settings alone."""
    configure(store, AccountSettings(plan="pro"))
    moved = Account(ID, ALICE, balance=1, seq=1, settings=AccountSettings(plan="pro"), decided_at=T)
    save(store, ALICE, changes_of(ALICE, replace(moved, has_enough=True)))
    found = account(store, ALICE)
    assert (found.settings.plan, found.balance, found.has_enough) == ("pro", 1, True)


def test_a_tenants_newest_settings_count(store: Store) -> None:
    assert gather(store, want(ALICE)).settings == {}
    second = replace(EVERYTHING, version=2, plan=None, late_window=timedelta(hours=1))
    changes = Changes(T, tenants=[("acme", EVERYTHING), ("other", EVERYTHING), ("acme", second)])
    save(store, ALICE, changes)
    assert gather(store, want(ALICE)).settings == {"acme": second}
    save(store, ALICE, Changes(T, tenants=[("acme", replace(EVERYTHING, version=3))]))
    assert gather(store, want(ALICE)).settings == {"acme": replace(EVERYTHING, version=3)}


def test_settings_can_be_read_before_anything_is_locked(store: Store) -> None:
    """Of the tenants asked for, and without bringing an account into being."""
    changes = Changes(T, tenants=[("acme", EVERYTHING), ("other", EVERYTHING)])
    save(store, ALICE, changes)
    with store.transaction(None) as transaction:
        assert transaction.settings(["acme", "nobody"]) == {"acme": EVERYTHING}
        assert transaction.settings([]) == {}
        second = replace(EVERYTHING, version=2)
        transaction.save(Changes(T, tenants=[("acme", second)]), ())
    assert gather(store, want(ALICE)).settings == {"acme": second}


def test_open_invoices_come_where_a_grant_may_pay_them(store: Store) -> None:
    """R11: with the grants that they already used."""
    rows = [
        full_invoice("open"),
        replace(full_invoice("paid"), status=InvoiceStatus.PAID),
        replace(full_invoice("nothing due"), amount_due=90),
    ]
    used = [grant(name, remaining=0, used=100) for name in ("used up", "other", "unused")]
    save(store, ALICE, changes_of(ALICE, *rows, *used))
    granted = replace(want(ALICE, invoices=["paid"]), receiving={ID})
    assert gather(store, granted).accounts[ID].invoices.keys() == {"paid"}
    configure(store, AccountSettings(apply_to_open_invoices=True))
    found = gather(store, granted).accounts[ID]
    assert found.invoices.keys() == {"paid", "open"}
    assert values(found.invoices["open"]) == values(rows[0])
    assert found.grants.keys() == {"used up", "other"}
    assert account(store, ALICE).invoices == {}


def test_an_amendment_changes_the_grant(store: Store) -> None:
    """One after the other, and both in one batch."""
    known = grant(expires_at=T, is_announced=True)
    save(store, ALICE, changes_of(ALICE, known))
    for numbers in ((1,), (2, 3)):
        last = numbers[-1]
        now = replace(
            known, amendments=last, is_announced=False, details=None,
            expires_at=T + last * DAY, priority=50 - last,
        )  # fmt: skip
        changes = changes_of(ALICE, Account(ID, ALICE, grants={"g": now}, decided_at=T))
        changes.amended = [amendment(number) for number in numbers]
        save(store, ALICE, changes)
        assert values(account(store, ALICE).grants["g"]) == values(now)


def test_a_grant_is_amended_in_the_batch_that_brings_it(store: Store) -> None:
    new = grant(expires_at=T + DAY, priority=49, amendments=1)
    changes = changes_of(ALICE, new, Account(ID, ALICE, grants={"g": new}, decided_at=T))
    changes.amended = [amendment(1)]
    save(store, ALICE, changes)
    assert values(account(store, ALICE).grants["g"]) == values(replace(new, details=None))


def test_a_grant_is_announced_once(store: Store) -> None:
    now = gather(store, want(ALICE)).now
    rows = {
        "soon": grant("soon", expires_at=now + DAY),
        "told": grant("told", expires_at=now + DAY, is_announced=True),
        "void": grant("void", expires_at=now + DAY, is_void=True, held=100),
        "used": grant("used", expires_at=now + DAY, remaining=0, used=100),
        "later": grant("later", expires_at=now + 3 * DAY),
        "never": grant("never"),
    }
    keys = {name: AccountKey("t", name, "USD") for name in rows}
    for name, row in rows.items():
        save(store, keys[name], changes_of(keys[name], row))
    soon = keys["soon"]
    assert store.accounts_due(10, NO_NOTICE) == {}
    assert store.accounts_due(10, 2 * DAY) == {account_id(soon): soon}
    told = Account(
        account_id(soon), soon, grants={"soon": replace(rows["soon"], is_announced=True)}
    )
    changes = changes_of(soon, told)
    changes.announced = [(told.id, "soon")]
    save(store, soon, changes)
    assert store.accounts_due(10, 2 * DAY) == {}
    assert account(store, soon).grants["soon"].is_announced


def test_accounts_are_due_whose_holds_are_over(store: Store) -> None:
    """When the tenant's late window is over too, as for grants (R3)."""
    now, lots = gather(store, want(ALICE)).now, (Allocation("g", None, 100),)
    holds = {
        "over": Hold("h", lots, now - timedelta(hours=2)),
        "ended": Hold("h", lots, now - timedelta(hours=2), until=1),
        "may be captured": Hold("h", lots, now - timedelta(minutes=50)),
        "endless": Hold("h", lots),
    }
    keys = {name: AccountKey("t", name, "USD") for name in holds}
    for name, hold in holds.items():
        save(store, keys[name], changes_of(keys[name], grant(held=100), hold))
    due = {account_id(keys[name]): keys[name] for name in ("over", "may be captured")}
    assert store.accounts_due(10, NO_NOTICE) == {account_id(keys["over"]): keys["over"]}
    narrow = TenantSettings(version=1, late_window=timedelta(minutes=40))
    save(store, ALICE, Changes(T, tenants=[("t", narrow)]))
    assert store.accounts_due(10, NO_NOTICE) == due
