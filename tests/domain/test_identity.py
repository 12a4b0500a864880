"""Keys of receipts, and where those of one message id lie."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.identity import keys_of_id, message_key

IDS = st.text(min_size=1, max_size=20)


@given(source=IDS, message_id=IDS)
def test_a_key_lies_among_those_of_its_id(source: str, message_id: str) -> None:
    """Whatever the source, and however a database compares them."""
    low, high = keys_of_id(message_id)
    assert low <= message_key(source, message_id) <= high
    assert len(low) == len(high) == 32


@given(one=st.tuples(IDS, IDS), other=st.tuples(IDS, IDS))
def test_no_two_messages_have_the_same_key(one: tuple[str, str], other: tuple[str, str]) -> None:
    """R20: lengths keep the source and the id apart."""
    assert (message_key(*one) == message_key(*other)) == (one == other)
    assert message_key("ab", "c") != message_key("a", "bc")


def test_ids_lie_apart() -> None:
    """So that a look-up reads the receipts of its own id and hardly any others."""
    spans = sorted(keys_of_id(f"msg-{number}") for number in range(1_000))
    assert all(high < low for (_, high), (low, _) in pairwise(spans))
