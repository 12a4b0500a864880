"""Amounts in a currency that the codec does not know are read by the decimals that they show."""

from __future__ import annotations

from typing import Any

import pytest

from domain.messages import Message
from tests.worker.codec_cases import encoded, event
from worker.codec import Codec, Malformed

UNIT = {"currency": "tokens"}
MUST = "data.amount: must be an integer of minor units or a string with its unit's decimals, not"


def understood(**data: Any) -> Message:
    message = Codec().decode(encoded(event(**UNIT, **data)))
    assert isinstance(message, Message), message
    return message


def line(amount: int | str) -> list[dict[str, Any]]:
    return [{"id": "1", "amount": amount}]


@pytest.mark.parametrize(
    ("data", "amount", "decimals"),
    [
        ({"amount": 1250}, 1_250, []),
        ({"amount": "12.50"}, 1_250, [2]),
        ({"amount": "1250"}, 1_250, [0]),
        ({"amount": "12.50", "line_items": line("12.50")}, 1_250, [2]),
        ({"amount": 1250, "line_items": line("1.250")}, 1_250, [3]),
    ],
)
def test_texts_say_what_they_are(data: dict[str, Any], amount: int, decimals: list[int]) -> None:
    """R20: as equal to the same amount in minor units as they are in a known currency."""
    message = understood(**data)
    body: Any = message.body
    assert body.amount == amount
    assert message.decimals == frozenset(decimals)
    in_minor_units = {name: line(amount) for name in data if name != "amount"}
    assert message.digests == understood(amount=amount, **in_minor_units).digests


def test_a_known_currency_has_its_own() -> None:
    known = Codec().decode(encoded(event(amount="12.50")))
    assert isinstance(known, Message)
    assert known.decimals is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"amount": 12.5}, f"{MUST} a float"),
        ({"amount": None}, f"{MUST} null"),
        ({"amount": "12,50"}, f"{MUST} '12,50'"),
        ({"amount": "1.23456"}, f"{MUST} '1.23456'"),
        ({"amount": "12."}, f"{MUST} '12.'"),
        ({"amount": "0.00"}, "data.amount: must be from 1 to 1000000000000000 minor units"),
        ({"amount": "100000000000000.01"}, "data.amount: must be from 1 to 1000000000000000"),
        ({"amount": "1.00", "line_items": line("1.0")}, "data: all amounts must show the same"),
        ({"amount": "1.00", "line_items": line("2.00")}, "data.line_items: they sum to 200"),
    ],
)
def test_what_is_an_amount_in_no_unit_is_malformed(data: dict[str, Any], reason: str) -> None:
    found = Codec().decode(encoded(event(**UNIT, **data)))
    assert isinstance(found, Malformed)
    assert found.reason.startswith(reason)


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 256])
def test_a_currency_is_an_identifier(name: str) -> None:
    found = Codec().decode(encoded(event(currency=name)))
    assert isinstance(found, Malformed)
    assert found.reason.startswith("data.currency: must be text of 1 to 255 bytes")
