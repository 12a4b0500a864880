"""Units: currencies of a tenant's own, which tenant.configure declares."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOON
from worker.codec import Codec
from worker.memory.clock import MemoryClock
from worker.memory.store import MemoryStore
from worker.ports import Delivery
from worker.process import Batch, read_batch, settle
from worker.state import Data, books_in_memory, state_of

HINT = (
    "codes are those of ISO 4217 in upper case, such as USD,"
    " or units that tenant.configure has declared"
)


def said(name: str, kind: str, currency: str = "TOKENS", **data: Any) -> bytes:
    """A message as it comes, which says what its id is."""
    event = {
        "specversion": "1.0",
        "id": name,
        "source": "/crm",
        "type": kind,
        "time": "2026-01-15T12:00:00Z",
        "data": {"customer": "acme", "currency": currency, **data},
    }
    return json.dumps(event).encode()


def declare(name: str = "declare", tenant: str = "default", **units: int) -> bytes:
    """A tenant.configure, about an account in a currency that everybody knows."""
    return said(name, "tenant.configure", "USD", tenant=tenant, units=units)


def grant(name: str, amount: int | str, currency: str = "TOKENS", **data: Any) -> bytes:
    """A credit.grant."""
    return said(name, "credit.grant", currency, amount=amount, **data)


class Worker:
    """A worker's way of a batch, on a store in memory."""

    def __init__(self) -> None:
        self.store = MemoryStore(MemoryClock(NOON))

    def given(self, *bodies: bytes) -> Worker:
        """One batch."""
        settle(self.batch(bodies), self.store, None)
        return self

    def batch(self, bodies: Sequence[bytes]) -> Batch:
        """What the worker reads of some bodies."""
        return read_batch([Delivery("", body) for body in bodies], Codec().decode)

    @property
    def state(self) -> Data:
        """As `scrip state` prints it."""
        aside = ((row.message_id, row.reason) for row in self.store.quarantined.values())
        return state_of(books_in_memory(self.store), aside, NOON)

    @property
    def balances(self) -> list[tuple[str, str, int]]:
        """Every account, also those of nothing."""
        rows = self.state["accounts"]
        return [(row["tenant"], row["currency"], row["balance"]) for row in rows]

    @property
    def aside(self) -> dict[str, str]:
        """What is set aside, and why."""
        return {row["id"]: row["reason"] for row in self.state["quarantined"]}

    @property
    def outcomes(self) -> dict[str, str]:
        """What has become of each message."""
        rows = self.state["outcomes"]
        return {row["id"]: row["reason"] or str(row["outcome"]) for row in rows}


def test_a_text_shows_the_units_decimals() -> None:
    """Amounts: "12.50" of a unit with two decimals is 1250, as is the integer."""
    worker = Worker().given(declare(TOKENS=2)).given(grant("a", "12.50"), grant("b", 1250))
    assert worker.balances == [("default", "TOKENS", 2_500), ("default", "USD", 0)]


def test_the_same_amount_in_both_ways_is_a_repeat() -> None:
    """R20: also where nobody knew the unit's decimals when the message was read."""
    worker = Worker().given(declare(TOKENS=2)).given(grant("a", "12.50"), grant("a", 1250))
    (row,) = (row for row in worker.state["outcomes"] if row["id"] == "a")
    assert (row["repeats"], row["conflicts"]) == (1, 0)


@pytest.mark.parametrize(
    ("decimals", "amount", "wanted"),
    [
        (2, "12.5", "exactly 2 decimals, not 1"),
        (2, "12", "exactly 2 decimals, not 0"),
        (0, "12.00", "no decimals, not 2"),
    ],
)
def test_other_decimals_are_malformed(decimals: int, amount: str, wanted: str) -> None:
    """Nothing is ever rounded, and what is malformed opens no account."""
    worker = Worker().given(declare(TOKENS=decimals)).given(grant("a", amount))
    must = "data: an amount of 'TOKENS' must be an integer of minor units or a string with"
    assert worker.aside == {"a": f"{must} {wanted}"}
    assert worker.balances == [("default", "USD", 0)]


def test_lines_are_read_alike() -> None:
    """They sum to what is due, and credit pays them."""
    worker = Worker().given(declare(TOKENS=3)).given(grant("g", "1.000"))
    lines = [{"id": "1", "amount": "0.500"}, {"id": "2", "amount": 700}]
    worker.given(said("i", "invoice.created", invoice="i", amount_due="1.200", lines=lines))
    (invoice,) = worker.state["invoices"]
    assert (invoice["applied"], invoice["due"]) == (1_000, 200)


@pytest.mark.parametrize("currency", ["usd", "TOKENS", "$", "XXX"])
def test_nobody_has_declared_it(currency: str) -> None:
    """R21: set aside with a reason, and no account is opened for it."""
    worker = Worker().given(grant("a", 5, currency), grant("b", 5, "USD"))
    assert worker.aside == {"a": f"data.currency: unknown currency '{currency}'; {HINT}"}
    assert worker.balances == [("default", "USD", 5)]


def test_a_unit_is_its_tenants() -> None:
    """I15: another tenant has its own of that name, or none."""
    worker = Worker().given(declare(TOKENS=2), declare("other", "acme", TOKENS=0))
    worker.given(grant("a", "12.50"), grant("b", "12", tenant="acme"), grant("c", 1, tenant="x"))
    assert list(worker.aside) == ["c"]
    told = [row for row in worker.balances if row[1] == "TOKENS"]
    assert told == [("acme", "TOKENS", 12), ("default", "TOKENS", 1_250)]


def test_decimals_never_change() -> None:
    """A declaration with others is refused, and what is written in them is malformed."""
    worker = Worker().given(declare(TOKENS=2), grant("a", "12.50"))
    worker.given(declare("again", TOKENS=3), grant("b", "1.500"))
    assert worker.outcomes == {"declare": "applied", "a": "applied", "again": "id_conflict"}
    assert list(worker.aside) == ["b"]


def test_a_refused_declaration_declares_nothing() -> None:
    """Not even the unit that would have been fine, also for a message of the same batch."""
    worker = Worker().given(declare(TOKENS=2))
    worker.given(declare("no", TOKENS=3, SEATS=0), grant("a", 5, "SEATS"))
    assert list(worker.aside) == ["a"]
    assert worker.balances == [("default", "USD", 0)]


def test_a_declaration_may_be_about_an_account_in_the_unit() -> None:
    """So a tenant that knows no other currency needs none."""
    units = {"TOKENS": 2}
    declaration = said("declare", "tenant.configure", units=units, low_balance="5.00")
    worker = Worker().given(declaration, grant("a", "12.50"))
    assert (worker.aside, worker.balances) == ({}, [("default", "TOKENS", 1_250)])
    assert worker.store.settings["default"].low_balance == 500


def test_set_aside_until_it_is_declared() -> None:
    """R21: the same bytes are decided when they come again."""
    early = grant("a", "12.50")
    worker = Worker().given(early).given(declare(TOKENS=2)).given(early)
    assert worker.outcomes["a"] == "applied"
    assert ("default", "TOKENS", 1_250) in worker.balances


BODIES = [
    grant("early", "12.50"),
    declare(TOKENS=2),
    grant("good", "12.50"),
    grant("bad", "12.5"),
    grant("usd", 5, "usd"),
    grant("near", 5, "TOKEN"),
    declare("refused", TOKENS=3, SEATS=0),
    grant("never", 5, "SEATS"),
    declare("declare", SEATS=0),
    grant("conflict", 5, "SEATS"),
    declare("2nd", SEATS=0),
    grant("seats", "7", "SEATS"),
    said("send", "credit.transfer", "SEATS", transfer="t", to_customer="other", amount="2"),
    grant("elsewhere", 1, tenant="other"),
    grant("good", 1250),
    grant("dollars", "12.50", "USD"),
]
"""`declare` comes a second time with another body: a conflict, which declares nothing."""


@given(st.lists(st.integers(0, len(BODIES)), max_size=6), st.randoms())
def test_any_split_gives_the_same_rows(places: list[int], shuffled: Any) -> None:
    """R23: wherever a unit is declared and used, and however that goes."""
    bodies = list(BODIES)
    shuffled.shuffle(bodies)
    whole, split = Worker().given(*bodies), Worker()
    bounds = sorted({0, *places, len(bodies)})
    for first, end in pairwise(bounds):
        split.given(*bodies[first:end])
    assert list(rows(split)) == list(rows(whole))
    assert split.state == whole.state


def rows(worker: Worker) -> Iterator[Any]:
    """Ledger with hashes and events, in the order of each account."""
    for books in sorted(books_in_memory(worker.store), key=lambda books: books.account_id):
        yield books.key, books.head, books.entries, books.event_seq
    unsent = worker.store.unsent(1_000, ())
    yield sorted(event for row in unsent for event in row.events)


def test_the_parts_of_the_list_come_to_what_they_should() -> None:
    """The list of the law above means something."""
    worker = Worker().given(*BODIES)
    aside = ["bad", "conflict", "declare", "early", "elsewhere", "near", "never", "usd"]
    assert sorted(worker.aside) == aside
    assert worker.balances == [
        ("default", "SEATS", 5),
        ("default", "TOKENS", 1_250),
        ("default", "USD", 1_250),
        ("default", "SEATS", 2),
    ]
