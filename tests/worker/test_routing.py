"""Who decides what: a customer's messages meet the same decider, whatever they look like."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference.mixes import mix
from worker.codec import Codec
from worker.memory.clock import MemoryClock
from worker.memory.store import MemoryStore
from worker.ports import Delivery
from worker.process import process, read_batch
from worker.routing import FAR_REACHING, shared_out

TEXTS = st.text(min_size=1, max_size=20)
NAMES = st.sampled_from(["ann", "bob", "Zoë", "😀", 'a"b', "a\\b", "a:b"])


def event(customer: Any, kind: str = "credit.grant", **data: Any) -> dict[str, Any]:
    told = {"customer": customer, "currency": "USD", "amount": 100, **data}
    envelope = {"specversion": "1.0", "id": "m1", "source": "/t", "type": kind}
    return {**envelope, "time": "2026-01-01T00:00:00Z", "data": told}


def share_of(body: bytes, count: int) -> int:
    """The one decider that has it."""
    shares = shared_out([Delivery("1", body)], count)
    assert shares is not None
    (place,) = [place for place, share in enumerate(shares) if share]
    return place


@given(customer=NAMES | TEXTS, tenant=TEXTS, ascii_only=st.booleans(), count=st.integers(1, 8))
def test_a_customer_has_one_decider(
    customer: str, tenant: str, ascii_only: bool, count: int
) -> None:
    """However the message is spelled, and in whatever currency and of whatever type it is."""
    plain = json.dumps(event(customer)).encode()
    other = event(customer, "invoice.created", currency="EUR", tenant=tenant)
    turned = dict(reversed(other.items()))
    spelled = json.dumps(turned, ensure_ascii=ascii_only, indent=2).encode("utf-8")
    assert share_of(plain, count) == share_of(spelled, count)


@given(customers=st.lists(NAMES, max_size=30), count=st.integers(1, 4))
def test_shares_keep_the_order_and_lose_nothing(customers: list[str], count: int) -> None:
    deliveries = [
        Delivery(f"{number:03}", json.dumps(event(customer)).encode())
        for number, customer in enumerate(customers)
    ]
    shares = shared_out(deliveries, count)
    assert shares is not None and len(shares) == count
    assert all(share == sorted(share) for share in shares)
    assert sorted(one for share in shares for one in share) == deliveries


@pytest.mark.parametrize("kind", FAR_REACHING)
def test_what_reaches_beyond_a_customer_is_shared_with_nobody(kind: str) -> None:
    bodies = [json.dumps(event("ann")).encode(), json.dumps(event("bob", kind)).encode()]
    assert shared_out([Delivery(str(n), body) for n, body in enumerate(bodies)], 2) is None


@pytest.mark.parametrize("body", [b"", b"\xff", b"{", b'{"data": NaN', b"[" * 1_000])
def test_what_cannot_be_placed_is_shared_with_nobody(body: bytes) -> None:
    assert shared_out([Delivery("1", body)], 2) is None


@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | TEXTS,
        lambda inner: st.lists(inner) | st.dictionaries(TEXTS | st.just("data"), inner),
    )
)
def test_only_what_is_no_message_has_no_customer(body: Any) -> None:
    """It goes to quarantine, whoever looks at it."""
    raw = json.dumps(body).encode()
    shared_out([Delivery("1", raw)], 2)
    assert type(Codec().decode(raw)).__name__ == "Malformed"


def test_only_what_is_named_reaches_further() -> None:
    """A kind that is added and touches others than its customer has to be named too."""
    store, decode = MemoryStore(MemoryClock()), Codec().decode
    far_reaching = set()
    for message, _ in mix(1, 3_000):
        if message is None:
            continue
        batch = read_batch([Delivery("", json.dumps(message).encode())], decode)
        changes = process(batch, store, None)
        others = changes.accounts.keys() - {one.account_id for one in batch.messages}
        if others or changes.tenants:
            far_reaching.add(message["type"])
    assert far_reaching == set(FAR_REACHING)
