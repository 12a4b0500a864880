"""What accounts keep under names of their own comes back as it was saved, and only when wanted."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta

import pytest

from domain.account import Account
from domain.bill import Invoice
from domain.credit import Allocation
from domain.identity import account_id
from domain.kept import Hold, Kept, Spent, Transfer, Writeoff
from domain.vocabulary import InvoiceStatus, Kind
from tests.conformance.building import (
    ALICE,
    BOB,
    T,
    account,
    changes_of,
    entry,
    full_grant,
    full_invoice,
    grant,
    receipt,
    save,
    values,
)
from worker.ports import Store

ODD = 'h "\\ {,} \N{GREEK SMALL LETTER ALPHA}'
LOTS = (Allocation('g "1"', None, 20), Allocation("g2", "l1", 5))

KEPT: list[Kept] = [
    Hold("bare", LOTS[:1], None, terms=f"{1:032x}"),
    Hold(ODD, LOTS, T + timedelta(microseconds=1), 3, 4, terms=f"{2:032x}"),
    Transfer(ODD, "b\N{LATIN SMALL LETTER O WITH DIAERESIS}b", 25, 7, f"{3:032x}"),
    Writeoff("bare", "inv", 10, 4, terms=f"{4:032x}"),
    Writeoff(ODD, "i,2", 10, 5, 'l"', "p}", "{plan", is_reversed=True, terms=f"{5:032x}"),
]


def entries_of_two() -> tuple[Account, *tuple[object, ...]]:
    """An account with a grant, and a deduction that used two."""
    used = entry(ALICE, 2, -25, 25)._replace(invoice=None, allocations=LOTS)
    return Account(account_id(ALICE), ALICE, balance=25, seq=2), entry(ALICE, 1, 50, 50), used


def test_no_field_is_left_to_its_default() -> None:
    """Or a field that a store forgets would come back as it was saved."""
    newest = {type(kept): kept for kept in KEPT}
    for row in (full_grant(), full_invoice(), receipt(ALICE), *newest.values()):
        same = {f.name for f in fields(row) if f.init and getattr(row, f.name) == f.default}
        assert same <= {"is_void"}, type(row)


@pytest.mark.parametrize("kept", KEPT)
def test_it_comes_back_as_it_was_saved(store: Store, kept: Kept) -> None:
    save(store, ALICE, changes_of(ALICE, kept))
    assert account(store, ALICE, [(type(kept), kept.name)]).kept == {(type(kept), kept.name): kept}


def test_it_comes_when_it_is_named_and_not_else(store: Store) -> None:
    save(store, ALICE, changes_of(ALICE, *KEPT))
    assert account(store, ALICE).kept == {}
    names = [(Hold, "bare"), (Hold, "Bare"), (Transfer, "bare"), (Writeoff, ODD)]
    assert account(store, ALICE, names).kept.keys() == {(Hold, "bare"), (Writeoff, ODD)}
    assert account(store, BOB, names).kept == {}


def test_a_hold_ends_and_a_writeoff_is_reversed(store: Store) -> None:
    first = [Hold("h", LOTS, since=1), Writeoff("w", "inv", 10, 4)]
    save(store, ALICE, changes_of(ALICE, *first))
    then = [Hold("h", LOTS, since=1, until=2), Writeoff("w", "inv", 10, 4, is_reversed=True)]
    save(store, ALICE, changes_of(ALICE, *then))
    found = account(store, ALICE, [(Hold, "h"), (Writeoff, "w")]).kept
    assert list(found.values()) == then


def test_open_holds_come_where_credit_is_held(store: Store) -> None:
    """So that those whose time is over end before anything is decided (R17)."""
    rows = [Hold("open", LOTS), Hold("over", LOTS, until=2)]
    save(store, ALICE, changes_of(ALICE, grant(held=25), *rows))
    save(store, BOB, changes_of(BOB, grant(), *rows))
    assert account(store, ALICE).kept == {(Hold, "open"): rows[0]}
    assert account(store, ALICE, [(Hold, "over"), (Hold, "open")]).kept.keys() == {
        (Hold, "open"),
        (Hold, "over"),
    }
    assert account(store, BOB).kept == {}


def test_an_entry_comes_with_the_grants_it_used(store: Store) -> None:
    used = [grant(lot.grant, remaining=0, used=100) for lot in LOTS]
    save(
        store, ALICE, changes_of(ALICE, *entries_of_two(), *used, grant("x", remaining=0, used=100))
    )
    found = account(store, ALICE, [(Spent, 2), (Spent, 3)])
    assert found.kept == {(Spent, 2): Spent(2, Kind.DEDUCTION, None, LOTS), (Spent, 3): None}
    assert found.grants.keys() == {lot.grant for lot in LOTS}


def test_an_entry_comes_with_its_invoice_and_that_with_its_grants(store: Store) -> None:
    """Three steps, each named by the one before."""
    used = [grant(name, remaining=0, used=100) for name in ("used up", "other", "g")]
    save(store, ALICE, changes_of(ALICE, *entries_of_two(), *used, full_invoice()))
    found = account(store, ALICE, [(Spent, 1)])
    assert found.kept[Spent, 1].invoice == "inv"
    assert values(found.invoices["inv"]) == values(full_invoice())
    assert found.grants.keys() == {"used up", "other"}


def test_a_writeoff_comes_with_its_invoice(store: Store) -> None:
    bare = Invoice("inv", 10, InvoiceStatus.PAID, written_off=10)
    save(store, ALICE, changes_of(ALICE, bare, Writeoff("w", "inv", 10, 4)))
    assert values(account(store, ALICE, [(Writeoff, "w")]).invoices["inv"]) == values(bare)


def test_what_came_back_of_an_entry_is_counted(store: Store) -> None:
    save(store, ALICE, changes_of(ALICE, *entries_of_two()))
    for returned in (15, 20):
        spent = Spent(2, Kind.DEDUCTION, None, LOTS, returned)
        save(store, ALICE, changes_of(ALICE, spent))
        assert account(store, ALICE, [(Spent, 2)]).kept == {(Spent, 2): spent}
    assert account(store, ALICE, [(Spent, 1)]).kept[Spent, 1].returned == 0
