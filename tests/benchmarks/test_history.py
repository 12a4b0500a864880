"""A loaded past is as sound as one that scrip has written."""

from __future__ import annotations

from collections import Counter

from db.books import snapshot
from db.engine import engine_for
from domain.invariants import violations
from domain.vocabulary import Kind
from tests.benchmarks.history import Past, load

PAST = Past(entries=6_001, accounts=7, on_one=2_000)


def test_verify_finds_nothing_wrong_with_it(database_url: str) -> None:
    """All that `scrip verify` looks at, and two pasts beside each other."""
    load(database_url, PAST)
    load(database_url, Past(entries=30, accounts=10, prefix="more"))
    engine = engine_for(database_url)
    with snapshot(engine) as seen:
        books = list(seen.books())
        broken = [(check.promise, number) for check, number in seen.checks() if number]
        orphans = dict(seen.orphans)
    engine.dispose()
    assert [violation for one in books for violation in violations(one)] == []
    assert broken == []
    assert set(orphans.values()) == {0}
    entries = {one.key.customer: len(one.entries) for one in books}
    assert sum(entries.values()) == PAST.entries + 30
    assert (entries[PAST.hot.customer], entries["cus-0000003"], entries["more-0000009"]) == (
        2_000, 572, 3,
    )  # fmt: skip
    kinds = Counter(entry.kind for one in books for entry in one.entries)
    assert kinds[Kind.APPLICATION] > 3_000
    assert all(kinds[kind] > 0 for kind in (Kind.GRANT, Kind.DEDUCTION, Kind.REVERSAL, Kind.VOID))
    assert kinds[Kind.WRITEOFF_GRANT] == kinds[Kind.WRITEOFF_APPLICATION] > 0
    assert all(len(one.receipts) <= len(one.entries) for one in books)
