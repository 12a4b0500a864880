"""Generated messages, small enough that everything collides: few ids, amounts and instants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from hypothesis import strategies as st

from domain.identity import AccountKey
from domain.messages import Message
from tests.builders import AS_IT_COMES, NOON, LineText, deduct, grant, invoice, void

ACCOUNTS = (
    AccountKey("default", "acme", "USD"),
    AccountKey("default", "other", "USD"),
    AccountKey("elsewhere", "acme", "USD"),
    AccountKey("default", "acme", "EUR"),
)
PRODUCTS = (None, "api", "web")


def minutes(low: int, high: int) -> list[datetime]:
    """Instants around the beginning of the world, ten minutes apart."""
    return [NOON + timedelta(minutes=minute) for minute in range(low, high + 1, 10)]


PLACES = [
    (source, *key)
    for source in ("billing", "billing", "shop")
    for key in (ACCOUNTS[0],) * 6 + ACCOUNTS
]
LIVES = [  # effective_at, expires_at
    *[(None, None)] * 20,
    *((None, end) for end in minutes(-30, 240)),
    *((begin, None) for begin in minutes(-60, 30)),
    *((begin, end) for begin in minutes(-60, 30)[::3] for end in minutes(40, 240)[::5]),
]
CATEGORIES: tuple[Literal["paid", "promotional"], ...] = ("paid", "promotional")
TERMS = [  # priority, category, scope
    (priority, category, scope)
    for priority in (50, 50, 10, 90)
    for category in CATEGORIES
    for scope in ((), (), ("api",), ("web",), ("api", "web"))
]
Status = Literal["draft", "open", "payment_pending"]
ISSUES: list[tuple[Status, bool | None]] = [
    ("open", None),
    ("open", None),
    ("open", None),
    ("open", None),
    ("open", None),
    ("open", True),
    ("open", True),
    ("open", False),
    ("draft", None),
    ("payment_pending", True),
]
ECHOES = ("repeat", "rename", "void", "void")
NAMES = tuple("123456789")
EXTERNAL = (None, None, None, None, None, None, "x1", "x2")

amounts = st.integers(1, 12)
names = st.sampled_from(NAMES)
ids = st.integers(1, 60).map(str)
times = st.sampled_from([AS_IT_COMES] * 12 + minutes(-90, 240))
products = st.sampled_from(PRODUCTS)
charges = st.lists(st.tuples(products, st.integers(-3, 12)), max_size=3)
lives = st.sampled_from(LIVES)
terms = st.sampled_from(TERMS)
issues = st.sampled_from(ISSUES)
issued = st.sampled_from([None] * 12 + minutes(-90, 240))
dues = st.integers(0, 25)
grant_amounts = st.integers(1, 30)
named_or_not = st.sampled_from([None, None, "1", "2"])


@st.composite
def envelopes(draw: st.DrawFn, accounts: Sequence[AccountKey] = ACCOUNTS) -> dict[str, Any]:
    """What a message says of itself; ids are few, so that some come twice."""
    places = tuple(place for place in PLACES if place[1:] in accounts)
    source, tenant, customer, currency = draw(st.sampled_from(places))
    return {
        "id": draw(ids),
        "source": source,
        "at": draw(times),
        "tenant": tenant,
        "customer": customer,
        "currency": currency,
    }


Envelopes = st.SearchStrategy[dict[str, Any]]


@st.composite
def grants(
    draw: st.DrawFn,
    about: Envelopes = envelopes(),  # noqa: B008 - strategies are values
    named: Sequence[str | None] = (None, None, *NAMES),
    external_ids: Sequence[str | None] = EXTERNAL,
) -> Message:
    """A grant; effective_at is always before expires_at."""
    effective, expires = draw(lives)
    priority, category, scope = draw(terms)
    return grant(
        draw(grant_amounts),
        draw(st.sampled_from(named)),
        effective=effective,
        expires=expires,
        priority=priority,
        category=category,
        scope=scope,
        external_id=draw(st.sampled_from(external_ids)),
        **draw(about),
    )


@st.composite
def lines(draw: st.DrawFn) -> list[LineText]:
    """Up to three lines that do not sum to less than nothing, discounts among them."""
    found = draw(charges)
    rows = [(f"l{place}", *row) for place, row in enumerate(found, 1)]
    return rows if sum(amount for _, _, amount in rows) >= 0 else []


@st.composite
def invoices(
    draw: st.DrawFn,
    about: Envelopes = envelopes(),  # noqa: B008 - strategies are values
    named: Sequence[str] = NAMES,
) -> Message:
    """An invoice, with lines or without."""
    rows = draw(lines())
    status, auto_apply = draw(issues)
    return invoice(
        None if rows else draw(dues),
        draw(st.sampled_from(named)),
        lines=rows,
        status=status,
        auto_apply=auto_apply,
        issued=draw(issued),
        **draw(about),
    )


@st.composite
def deductions(draw: st.DrawFn) -> Message:
    """A deduction, from a grant or in the order of use."""
    named = draw(named_or_not)
    return deduct(draw(amounts), named, product=draw(products), **draw(envelopes()))


@st.composite
def voids(draw: st.DrawFn) -> Message:
    """A void, perhaps before its invoice."""
    return void(draw(names), **draw(envelopes()))


messages = st.one_of(
    grants(), invoices(), invoices(), invoices(), invoices(), deductions(), deductions(), voids()
)
beginnings = st.lists(grants(), min_size=1, max_size=5)
echoes = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 20), st.sampled_from(ECHOES)), max_size=6
)
