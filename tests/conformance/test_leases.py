"""What keeps two readers from being active at the same time, on any store."""

from __future__ import annotations

from threading import Thread

import pytest

from db.errors import LeaseLost
from db.values import Lease
from tests.conformance.building import ALICE, account, changes_of, grant, save, want
from tests.conformance.conftest import Pass, StoreFactory
from worker.ports import Store

LONG, SHORT = 600.0, 0.15


def taken(store: Store, seconds: float, holder: str = "one") -> Lease:
    lease = store.take_lease("reader", holder, seconds)
    assert lease is not None
    return lease


def test_a_lease_is_taken_by_one_only(store_factory: StoreFactory) -> None:
    taken(store_factory(), LONG)
    assert store_factory().take_lease("reader", "two", LONG) is None


def test_leases_of_other_names_are_other_leases(store: Store) -> None:
    taken(store, LONG)
    assert store.take_lease("relay", "two", LONG) is not None


def test_the_epoch_rises_with_every_taking(store: Store, let_pass: Pass) -> None:
    first = taken(store, SHORT)
    let_pass(2 * SHORT)
    second = taken(store, LONG, "two")
    store.release_lease(second)
    assert first.epoch < second.epoch < taken(store, LONG).epoch


def test_a_renewed_lease_holds_for_longer(store: Store, let_pass: Pass) -> None:
    lease = taken(store, SHORT)
    assert store.renew_lease(lease, LONG)
    let_pass(2 * SHORT)
    assert store.take_lease("reader", "two", LONG) is None


def test_a_lease_that_ran_out_is_still_ours_until_it_is_taken(store: Store, let_pass: Pass) -> None:
    lease = taken(store, SHORT)
    let_pass(2 * SHORT)
    with store.transaction(lease) as transaction:
        transaction.gather(want(ALICE))
    assert store.renew_lease(lease, LONG)


def test_a_lease_that_has_passed_on_is_not_renewed(store: Store, let_pass: Pass) -> None:
    lease = taken(store, SHORT)
    let_pass(2 * SHORT)
    taken(store, LONG, "two")
    assert not store.renew_lease(lease, LONG)


def test_a_released_lease_can_be_taken_at_once(store: Store) -> None:
    store.release_lease(taken(store, LONG))
    assert store.take_lease("reader", "two", LONG) is not None


def test_releasing_what_has_passed_on_changes_nothing(store: Store, let_pass: Pass) -> None:
    lease = taken(store, SHORT)
    let_pass(2 * SHORT)
    taken(store, LONG, "two")
    store.release_lease(lease)
    assert store.take_lease("reader", "three", LONG) is None


def test_a_stale_lease_cannot_commit(store: Store, let_pass: Pass) -> None:
    stale = taken(store, SHORT)
    let_pass(2 * SHORT)
    taken(store, LONG, "two")
    with pytest.raises(LeaseLost):
        save(store, ALICE, changes_of(ALICE, grant(), events=["e"]), lease=stale)
    assert account(store, ALICE, grants=["g"]).grants == {}
    assert store.unsent(10, ()) == []


def test_nobody_commits_after_the_lease_was_taken_from_him(
    store_factory: StoreFactory, let_pass: Pass
) -> None:
    """Either the successor has to wait for the open transaction, or that one is refused."""
    one, other = store_factory(), store_factory()
    stale, successors = taken(one, SHORT), list[Lease | None]()
    thief = Thread(target=lambda: successors.append(other.take_lease("reader", "two", LONG)))
    try:
        with one.transaction(stale) as transaction:
            transaction.gather(want(ALICE))
            let_pass(2 * SHORT)
            thief.start()
            thief.join(0.3)
            stolen_meanwhile = bool(successors)
    except LeaseLost:
        assert stolen_meanwhile
    else:
        assert not stolen_meanwhile
    thief.join()
    assert successors[0] is not None
    assert successors[0].epoch > stale.epoch
