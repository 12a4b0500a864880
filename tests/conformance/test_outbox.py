"""What the relay relies on from any store, and what the quarantine keeps."""

from __future__ import annotations

from db.values import Quarantined
from domain.changes import Changes
from domain.wanted import Wanted
from tests.conformance.building import ALICE, BOB, T, changes_of, save
from tests.conformance.conftest import CountAside
from worker.ports import Store


def events(store: Store, held: tuple[int, ...] = ()) -> list[str]:
    return [event for row in store.unsent(100, held) for event in row.events]


def test_a_batchs_events_are_one_row_in_order(store: Store) -> None:
    told = ["one", 'two "quoted" \N{SNOWMAN}', "three"]
    save(store, ALICE, changes_of(ALICE, events=told))
    assert [row.events for row in store.unsent(10, ())] == [tuple(told)]


def test_a_batch_without_events_leaves_no_row(store: Store) -> None:
    save(store, ALICE, changes_of(ALICE))
    assert store.unsent(10, ()) == []


def test_an_accounts_events_come_in_the_order_they_were_committed(store: Store) -> None:
    for number in range(6):
        key = (ALICE, BOB)[number % 2]
        save(store, key, changes_of(key, events=[f"{key.customer} {number}"]))
    found = events(store)
    assert [event for event in found if event.startswith("alice")] == [
        "alice 0",
        "alice 2",
        "alice 4",
    ]
    assert len(found) == 6


def test_the_oldest_rows_come_first_and_held_ones_not_at_all(store: Store) -> None:
    for number in range(4):
        save(store, ALICE, changes_of(ALICE, events=[str(number)]))
    first = store.unsent(2, ())
    assert [row.events for row in first] == [("0",), ("1",)]
    assert events(store, tuple(row.id for row in first)) == ["2", "3"]
    assert [row.events for row in store.unsent(1, [first[0].id])] == [("1",)]


def test_reading_the_outbox_takes_nothing_away(store: Store) -> None:
    save(store, ALICE, changes_of(ALICE, events=["e"]))
    assert store.unsent(10, ()) == store.unsent(10, ())


def test_forgotten_rows_are_gone(store: Store) -> None:
    for number in range(3):
        save(store, ALICE, changes_of(ALICE, events=[str(number)]))
    rows = store.unsent(10, ())
    store.forget([rows[0].id, rows[2].id])
    store.forget([rows[0].id])
    store.forget([])
    assert events(store) == ["1"]


def test_the_same_bytes_are_set_aside_once(store: Store, aside: CountAside) -> None:
    row = Quarantined(b"\x00\xff not json", "unreadable", None)
    for _ in range(2):
        with store.transaction(None) as transaction:
            transaction.gather(Wanted())
            transaction.save(Changes(T), [row, Quarantined(b"other", "reason", "id")])
    assert aside() == 2
