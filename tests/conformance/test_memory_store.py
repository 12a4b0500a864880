"""What memory alone offers: the next expiry, and what is kept for people to read."""

from __future__ import annotations

from datetime import timedelta

from domain.changes import Changes
from domain.identity import account_id
from domain.settings import TenantSettings
from tests.conformance.building import ALICE, T, changes_of, grant, save
from worker.memory.clock import MemoryClock
from worker.memory.store import MemoryStore


def test_the_next_expiry_is_known() -> None:
    store = MemoryStore(MemoryClock(T))
    assert store.next_due() is None
    later, sooner = T + timedelta(days=2), T + timedelta(days=1)
    grants = [grant("later", expires_at=later), grant("sooner", expires_at=sooner)]
    save(store, ALICE, changes_of(ALICE, *grants))
    assert store.next_due() == sooner + timedelta(hours=1)
    used = grant("sooner", expires_at=sooner, remaining=0, used=100, details=None)
    save(store, ALICE, Changes(T, grants={(account_id(ALICE), "sooner"): used}))
    assert store.next_due() == later + timedelta(hours=1)
    store.settings[ALICE.tenant] = TenantSettings(late_window=timedelta(0))
    assert store.next_due() == later


def test_a_grant_is_due_from_exactly_its_instant_on() -> None:
    clock = MemoryClock(T)
    store = MemoryStore(clock)
    save(store, ALICE, changes_of(ALICE, grant(expires_at=T)))
    clock.set(T + timedelta(hours=1, microseconds=-1))
    assert store.accounts_due(10, timedelta(0)) == {}
    clock.set(T + timedelta(hours=1))
    assert store.accounts_due(10, timedelta(0)) == {account_id(ALICE): ALICE}


def test_credit_that_comes_back_is_due_again() -> None:
    clock = MemoryClock(T)
    store = MemoryStore(clock)
    save(store, ALICE, changes_of(ALICE, grant(expires_at=T, remaining=0, used=100)))
    clock.set(T + timedelta(days=1))
    assert store.accounts_due(10, timedelta(0)) == {}
    back = grant(expires_at=T, remaining=10, used=90, details=None)
    save(store, ALICE, Changes(T, grants={(account_id(ALICE), "g"): back}))
    assert store.accounts_due(10, timedelta(0)) == {account_id(ALICE): ALICE}


def test_details_are_kept_when_a_grant_moves() -> None:
    store = MemoryStore(MemoryClock(T))
    save(store, ALICE, changes_of(ALICE, grant()))
    moved = grant(remaining=1, used=99, details=None)
    save(store, ALICE, Changes(T, grants={(account_id(ALICE), "g"): moved}))
    assert store.accounts[account_id(ALICE)].details["g"] is not None
