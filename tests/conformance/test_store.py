"""What the shell relies on from any store: what a gather brings, and what a save keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from db.errors import Impossible
from db.values import Quarantined
from domain.account import Account
from domain.bill import Use
from domain.changes import Changes, Key
from domain.identity import AccountKey, Id128, account_id
from domain.vocabulary import InvoiceStatus
from tests.conformance.building import (
    ALICE,
    BOB,
    T,
    account,
    changes_of,
    entry,
    full_grant,
    full_invoice,
    gather,
    grant,
    receipt,
    save,
    values,
    want,
)
from worker.ports import Store

DERIVED = ("available", "grants", "invoices")


def test_gather_makes_a_missing_account(store: Store) -> None:
    made = account(store, ALICE)
    assert values(made) == values(Account(account_id(ALICE), ALICE))
    assert values(account(store, ALICE)) == values(made)


def test_gather_brings_the_accounts_asked_for(store: Store) -> None:
    both = want(ALICE)
    both.accounts[account_id(BOB)] = BOB
    assert {a.key for a in gather(store, both).accounts.values()} == {ALICE, BOB}


def test_gather_reads_a_clock_that_goes_forward(store: Store) -> None:
    first = gather(store, want(ALICE)).now
    assert first.utcoffset() == timedelta(0)
    assert gather(store, want(ALICE)).now >= first


def test_gather_brings_open_grants_and_named_ones_only(store: Store) -> None:
    spent = {"remaining": 0, "used": 100}
    rows = [grant("open"), grant("named", **spent), grant("other", **spent)]
    rows.append(grant("external", **spent, external_id="x"))
    save(store, ALICE, changes_of(ALICE, *rows))
    assert account(store, ALICE).grants.keys() == {"open"}
    found = account(store, ALICE, grants=["named", "nowhere"], external_ids=["x", "y"])
    assert found.grants.keys() == {"open", "named", "external"}


def test_gather_brings_the_invoices_named_with_the_grants_they_used(store: Store) -> None:
    rows = [grant(name, remaining=0, used=100) for name in ("used up", "other", "unused")]
    save(store, ALICE, changes_of(ALICE, *rows, full_invoice(), full_invoice("another")))
    assert account(store, ALICE).invoices == {}
    found = account(store, ALICE, invoices=["inv", "nowhere"])
    assert found.invoices.keys() == {"inv"}
    assert found.grants.keys() == {"used up", "other"}


def test_names_are_compared_byte_for_byte(store: Store) -> None:
    save(store, ALICE, changes_of(ALICE, grant("Gift"), full_invoice("Inv"), receipt(ALICE, "M")))
    state = gather(store, want(ALICE, grants=["gift"], invoices=["inv"], receipts=["m"]))
    assert state.accounts[account_id(ALICE)].grants.keys() == {"Gift"}
    assert state.accounts[account_id(ALICE)].invoices == {}
    assert state.receipts == {}


def test_other_accounts_have_names_of_their_own(store: Store) -> None:
    save(store, ALICE, changes_of(ALICE, grant(), full_invoice(), receipt(ALICE)))
    state = gather(store, want(BOB, grants=["g"], invoices=["inv"], receipts=["m1"]))
    assert state.accounts[account_id(BOB)].grants == {}
    assert state.accounts[account_id(BOB)].invoices == {}
    assert state.receipts == {}


def test_a_grant_comes_back_as_it_was_saved(store: Store) -> None:
    save(store, ALICE, changes_of(ALICE, full_grant()))
    found = account(store, ALICE).grants[full_grant().grant]
    assert values(found) == values(replace(full_grant(), details=None))


def test_what_a_grant_moves_is_updated(store: Store) -> None:
    save(store, ALICE, changes_of(ALICE, full_grant()))
    moved = replace(
        full_grant(), remaining=0, used=600, expired=250, voided=90, moved=60, held=0,
        is_void=True, details=None,
    )  # fmt: skip
    changes = Changes(T, grants={(account_id(ALICE), moved.grant): moved})
    save(store, ALICE, changes)
    assert values(account(store, ALICE, grants=[moved.grant]).grants[moved.grant]) == values(moved)
    assert account(store, ALICE).grants == {}


def test_an_invoice_comes_back_as_it_was_saved(store: Store) -> None:
    save(store, ALICE, changes_of(ALICE, full_invoice()))
    found = account(store, ALICE, invoices=["inv"]).invoices["inv"]
    assert values(found) == values(full_invoice())


def test_an_invoice_is_updated_in_every_field(store: Store) -> None:
    bare = replace(
        full_invoice(), amount_due=0, status=InvoiceStatus.VOID, auto_apply=None, issued_at=None,
        lines=(), uses=[], entries=[], terms=None, written_off=0, revised=0,
    )  # fmt: skip
    save(store, ALICE, changes_of(ALICE, bare))
    assert values(account(store, ALICE, invoices=["inv"]).invoices["inv"]) == values(bare)
    later = replace(full_invoice(), uses=[Use("g", "l1", 1, 4)])
    save(store, ALICE, Changes(T, invoices={(account_id(ALICE), "inv"): later}))
    assert values(account(store, ALICE, invoices=["inv"]).invoices["inv"]) == values(later)


def test_a_receipt_comes_back_as_it_was_saved(store: Store) -> None:
    plain = receipt(ALICE, "m2", attributes=None, seq_first=None, seq_last=None)
    save(store, ALICE, changes_of(ALICE, receipt(ALICE), plain))
    found = gather(store, want(ALICE, receipts=["m1", "m2", "m3"])).receipts
    first, second = (Key(account_id(ALICE), "shop", name) for name in ("m1", "m2"))
    assert found.keys() == {first, second}
    assert values(found[first]) == values(receipt(ALICE))
    assert values(found[second]) == values(plain)


def test_a_receipts_counters_rise(store: Store) -> None:
    save(store, ALICE, changes_of(ALICE, receipt(ALICE)))
    again = receipt(ALICE, repeats=50, conflicts=60)
    key = Key(account_id(ALICE), "shop", "m1")
    save(store, ALICE, Changes(T, seen_again={key: again}))
    assert values(gather(store, want(ALICE, receipts=["m1"])).receipts[key]) == values(again)


def test_the_account_itself_is_updated(store: Store) -> None:
    saved = Account(
        account_id(ALICE), ALICE, balance=30, seq=2, event_seq=9, head=bytes(range(32)),
        decided_at=T,
    )  # fmt: skip
    entries = [entry(ALICE, 1, 50, 50), entry(ALICE, 2, -20, 30)]
    save(store, ALICE, changes_of(ALICE, saved, *entries))
    assert values(account(store, ALICE), DERIVED) == values(saved, DERIVED)


def fail_after_saving(store: Store, changes: Changes) -> None:
    with store.transaction(None) as transaction:
        transaction.gather(want(ALICE))
        transaction.save(changes, [Quarantined(b"raw", "reason", None)])
        raise ZeroDivisionError


def test_nothing_is_left_of_a_transaction_that_failed(store: Store) -> None:
    everything = changes_of(ALICE, grant(), full_invoice(), receipt(ALICE), events=["e"])
    with pytest.raises(ZeroDivisionError):
        fail_after_saving(store, everything)
    state = gather(store, want(ALICE, grants=["g"], invoices=["inv"], receipts=["m1"]))
    assert (state.accounts[account_id(ALICE)].grants, state.receipts) == ({}, {})
    assert state.accounts[account_id(ALICE)].invoices == {}
    assert store.unsent(10, ()) == []


def test_after_a_failure_the_account_is_free_again(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        fail_after_saving(store, changes_of(ALICE))
    save(store, ALICE, changes_of(ALICE, grant()))
    assert account(store, ALICE).grants.keys() == {"g"}


@pytest.mark.parametrize("make", [grant, full_invoice, lambda: receipt(ALICE)])
def test_a_row_is_not_inserted_twice(store: Store, make: type) -> None:
    save(store, ALICE, changes_of(ALICE, make()))
    with pytest.raises(Impossible):
        save(store, ALICE, changes_of(ALICE, make()))


def test_an_entry_is_not_inserted_twice(store: Store) -> None:
    first = changes_of(ALICE, Account(account_id(ALICE), ALICE, seq=1), entry(ALICE, 1, 50, 50))
    save(store, ALICE, first)
    with pytest.raises(Impossible):
        save(store, ALICE, changes_of(ALICE, entry(ALICE, 1, 50, 50)))


def test_accounts_due_are_those_whose_credit_is_over(store: Store) -> None:
    now = (
        datetime.now(UTC)
        if type(store).__name__ != "MemoryStore"
        else gather(store, want(ALICE)).now
    )
    past, soon = now - timedelta(hours=2), now - timedelta(minutes=50)
    keys = [AccountKey("t", f"c{number}", "USD") for number in range(5)]
    over = [
        grant(expires_at=past),
        grant(expires_at=soon),
        grant(expires_at=past, remaining=0, used=100),
        grant(expires_at=past, held=100),
        grant(),
    ]
    for key, row in zip(keys, over, strict=True):
        save(store, key, changes_of(key, row))
    assert store.accounts_due(10, timedelta(0)) == {account_id(keys[0]): keys[0]}


def test_accounts_due_come_a_few_at_a_time_and_each_once(store: Store) -> None:
    past = datetime(2020, 1, 1, tzinfo=UTC)
    keys = {account_id(key): key for key in (AccountKey("t", f"c{n}", "USD") for n in range(4))}
    for key in keys.values():
        save(store, key, changes_of(key, grant("a", expires_at=past), grant("b", expires_at=past)))
    some = store.accounts_due(3, timedelta(0))
    assert 0 < len(some) <= 3
    assert some.items() <= keys.items()
    assert store.accounts_due(10, timedelta(0)) == keys


def test_an_account_id_is_what_the_key_says(store: Store) -> None:
    assert isinstance(account(store, BOB).id, Id128)
    assert account(store, BOB).id == account_id(BOB)
