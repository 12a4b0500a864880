"""What verify says of damaged holds, write-offs, reversals, amendments and transfers (I6-I19)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from domain.books import Books
from domain.credit import Allocation
from domain.invariants import violations
from domain.kept import Hold, Kept, Spent
from domain.ledger import Entry
from domain.order import PROFILES
from tests.builders import deduct, grant, instant, invoice
from tests.verbs import (
    amend,
    capture,
    configure_tenant,
    hold,
    reverse,
    reverse_writeoff,
    shortfall,
    transfer,
)
from tests.world import World

Corruption = Callable[[Books], Books]


def honest() -> Books:
    """Entries are numbered in the margin."""
    world = World()
    world.given(
        configure_tenant({"tolerances": {"basic": {"USD": 9}}, "plan": "basic"}),
        grant(100, "a", priority=1, expires="2026-02-01"),  # 1
        grant(100, "b", priority=2),  # 2
        hold(120, "h1", expires="2026-01-20"),
        capture(110, "h1"),  # 3: a 100, b 10
        deduct(30, id="d"),  # 4: b 30
        reverse(10, entry=4),  # 5
        invoice(40, "i"),  # 6: b 40
        invoice(50, "j", auto_apply=False),
        shortfall(9, "j"),  # 7, 8
        reverse_writeoff(),  # 9, 10
        grant(50, "c", priority=3),  # 11
        amend("c", priority=0),
        deduct(5, id="e"),  # 12: c 5, which comes before b only since it was amended
        hold(7, "h2"),
        transfer(3, "bolt"),  # 13
    )
    return world.books()


def grants(name: str, **columns: Any) -> Corruption:
    def change(row: Any) -> Any:
        return replace(row, **columns) if row.grant == name else row

    return lambda books: replace(books, grants=[change(row) for row in books.grants])


def entry(seq: int, **columns: Any) -> Corruption:
    def change(row: Entry) -> Entry:
        return row._replace(**columns) if row.seq == seq else row

    return lambda books: replace(books, entries=[change(row) for row in books.entries])


def kept(kind: type[Any], change: Callable[[Any], Kept | None]) -> Corruption:
    def corrupt(books: Books) -> Books:
        rows = [change(row) if isinstance(row, kind) else row for row in books.kept]
        return replace(books, kept=[row for row in rows if row is not None])

    return corrupt


def amended(**columns: Any) -> Corruption:
    """Change the one amendment."""
    return lambda books: replace(books, amendments=[books.amendments[0]._replace(**columns)])


def late() -> datetime:
    return instant("2026-01-20")


CORRUPTIONS: list[tuple[str, str, Corruption]] = [
    ("I6", "held is forgotten", grants("c", held=0)),
    ("I6", "a hold is forgotten", kept(Hold, lambda row: row if row.name == "h1" else None)),
    ("I6", "more has come back than is noted", kept(Spent, lambda row: replace(row, returned=9))),
    ("I6", "what has come back is not noted", kept(Spent, lambda _: None)),
    ("I6", "a deduction came back twice", entry(4, amount=-5)),
    ("I6", "a write-off can be spent", grants("writeoff/w", remaining=9, voided=0)),
    ("I7", "a write-off stands that was reversed", entry(9, invoice="i")),
    ("I8", "a capture took a later lot first", entry(3, allocations=(Allocation("b", None, 110),))),
    ("I8", "an amendment came too late", amended(seq=12)),
    ("I8", "a transfer passed a grant over", entry(13, allocations=(Allocation("b", None, 3),))),
    ("I14", "a hold was captured after its time", entry(3, dated_at=late())),
    ("I14", "a hold was captured that is gone", kept(Hold, lambda _: None)),
]


def test_honest_books_break_no_promise() -> None:
    """I3-I19: what the rules leave behind is in order."""
    books = honest()
    assert violations(books) == []
    assert [row.seq for row in books.entries] == list(range(1, 14))
    assert {row.order for row in books.entries} == {PROFILES["standard"].label}


@pytest.mark.parametrize(
    ("promise", "corrupt"),
    [(promise, corrupt) for promise, _, corrupt in CORRUPTIONS],
    ids=[f"{promise} {name}" for promise, name, _ in CORRUPTIONS],
)
def test_a_broken_promise_is_reported_under_its_number(promise: str, corrupt: Corruption) -> None:
    """I6-I8, I14: no check is only ever seen passing."""
    assert promise in {found.promise for found in violations(corrupt(honest()))}
