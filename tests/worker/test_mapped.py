"""Objects of other systems become messages, or are told apart from them in one sentence."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.messages import Message
from worker.codec import Codec
from worker.mapped import Mapper, MappingError
from worker.mappings import MAPPINGS, SHARED, Named, Read

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LAYER: dict[str, Any] = {
    "external_id": "vc001",
    "customer_external_id": "abc123",
    "sent_at": "2023-11-07T05:31:56Z",
    "line_items": [
        {"amount": 123, "revenue_account_identifier": {"type": "AccountId", "id": "4000"}},
        {
            "amount": 7,
            "revenue_account_identifier": {"type": "StableName", "stable_name": "SALES"},
            "memo": "two",
        },
    ],
    "allocations": [],
    "tags": [{"key": "department", "value": "sales", "value_display_name": "Sales"}],
    "memo": "returned",
    "metadata": {"weight": 1.25},
    "reference_number": "R-1",
}


def mapper(name: Named, currency: str | None = "USD", **units: int) -> Mapper:
    return Mapper(MAPPINGS[name], "acme", currency, units, NOW)


def made(name: Named, said: Any, currency: str | None = "USD", **units: int) -> dict[str, Any]:
    """The event, which the codec takes."""
    body = mapper(name, currency, **units).message(json.dumps(said).encode(), 1)
    assert isinstance(Codec().decode(body), Message)
    event: dict[str, Any] = json.loads(body)
    return event


def refused(name: Named, text: str, currency: str | None = "USD") -> str:
    with pytest.raises(MappingError) as error:
        mapper(name, currency).message(text.encode(), 7)
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "kind"), [(Named.VAYU, "credit.grant"), (Named.VAYU_DEDUCT, "credit.deduct")]
)
def test_vayus_two_fields_are_enough(name: Named, kind: str) -> None:
    """Major units, in the tenant's default currency."""
    event = made(name, {"creditAmount": 500, "customerId": "customer_123"})
    assert event == {
        "specversion": "1.0",
        "id": event["id"],
        "source": "/vayu",
        "type": kind,
        "time": "2026-03-01T12:00:00Z",
        "data": {
            "tenant": "acme",
            "customer": "customer_123",
            "currency": "USD",
            "amount": 50_000,
        },
    }


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("500", "USD", 50_000),
        ("0.29", "USD", 29),
        ("12.5", "USD", 1_250),
        ("12.500", "USD", 1_250),
        ("5e2", "USD", 50_000),
        ("500", "JPY", 500),
        ("1.234", "KWD", 1_234),
        ("7.25", "TOKENS", 72_500),
        ("9999999999999.99", "USD", 999_999_999_999_999),
    ],
)
def test_major_units_come_out_exactly(text: str, currency: str, minor: int) -> None:
    line = f'{{"creditAmount": {text}, "customerId": "c"}}'.encode()
    event = json.loads(mapper(Named.VAYU, currency, TOKENS=4).message(line, 1))
    assert event["data"]["amount"] == minor


def test_what_any_object_may_say_besides() -> None:
    event = made(
        Named.VAYU,
        {"creditAmount": 1, "customerId": "c", "id": 17, "currency": "eur", "note": "sorry",
         "created_by": "eve"},
        None,
    )  # fmt: skip
    assert event["id"] == "17"
    assert event["data"]["currency"] == "EUR"
    assert (event["data"]["note"], event["data"]["created_by"]) == ("sorry", "eve")


def test_an_adjustment_of_invoiced() -> None:
    said = {"customer": 78, "amount": 50, "date": 1607550710, "notes": "referral", "currency": None}
    event = made(Named.INVOICED, said)
    assert event["time"] == "2020-12-09T21:51:50Z"
    assert event["data"] == {
        "tenant": "acme", "customer": "78", "currency": "USD", "amount": 5_000, "note": "referral",
    }  # fmt: skip


def test_a_customer_credit_of_layer() -> None:
    event = made(Named.LAYER, LAYER)
    assert (event["id"], event["time"]) == ("vc001", "2023-11-07T05:31:56Z")
    assert event["data"] == {
        "tenant": "acme", "customer": "abc123", "currency": "USD", "amount": 130,
        "external_id": "vc001", "sent_at": "2023-11-07T05:31:56Z", "memo": "returned",
        "line_items": [
            {"id": "1", "amount": 123, "ledger_account": "4000"},
            {"id": "2", "amount": 7, "ledger_account": "SALES", "memo": "two"},
        ],
        "tags": [{"key": "department", "value": "sales"}],
        "metadata": {"weight": 1.25}, "reference_number": "R-1",
    }  # fmt: skip


def test_the_same_line_is_the_same_message_whenever_it_is_sent() -> None:
    line, later = b'{"customerId": "c", "creditAmount": 5}', NOW.replace(year=2027)
    again = Mapper(MAPPINGS[Named.VAYU], "acme", "USD", {}, later)
    first, second = mapper(Named.VAYU).message(line, 1), again.message(line, 9)
    assert json.loads(first)["id"] == json.loads(second)["id"]
    other = mapper(Named.VAYU).message(b'{"customerId": "c", "creditAmount": 6}', 1)
    assert json.loads(first)["id"] != json.loads(other)["id"]


def test_two_lines_alike_are_not_taken_for_one() -> None:
    one, line = mapper(Named.VAYU), b'{"customerId": "c", "creditAmount": 5}'
    one.message(line, 3)
    with pytest.raises(MappingError, match="line 9: says the same as line 3, and would count"):
        one.message(b'{"creditAmount": 5.0, "customerId": "c"}', 9)
    assert one.unnamed == 1
    named = [line[:-1] + b', "id": "%d"}' % number for number in (1, 2)]
    assert {json.loads(one.message(body, 10))["id"] for body in named} == {"1", "2"}
    assert one.unnamed == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nonsense", "line 7: not JSON: Expecting value at line 1 column 1"),
        ("[]", "line 7: the line must be a JSON object"),
        ('{"creditAmount": 5}', "line 7: customerId: required"),
        ('{"creditAmount": null, "customerId": "c"}', "line 7: creditAmount: required"),
        ('{"creditamount": 5, "customerId": "c"}',
         "line 7: 'creditamount': unknown field; did you mean creditAmount?"),
        ('{"zzz": 5, "customerId": "c"}',
         "line 7: 'zzz': unknown field; the mapping has id, currency, note, created_by, credit"),
        ('{"creditAmount": "5", "customerId": "c"}',
         "line 7: creditAmount: must be a number of major units, such as 12.5"),
        ('{"creditAmount": true, "customerId": "c"}',
         "line 7: creditAmount: must be a number of major units, such as 12.5"),
        ('{"creditAmount": 0.005, "customerId": "c"}',
         "line 7: creditAmount: 0.005 has more than the currency's 2 decimals"),
        ('{"creditAmount": 1.00000000000000000000000000000001, "customerId": "c"}',
         "line 7: creditAmount: 1.00000000000000000000000000000001 has more than the currency's"),
        ('{"creditAmount": -5, "customerId": "c"}',
         "line 7: creditAmount: must be more than 0 and at most 1000000000000000"),
        ('{"creditAmount": 100000000000000, "customerId": "c"}',
         "line 7: as credit.grant, data.amount: "),
        ('{"creditAmount": 5, "customerId": ""}',
         "line 7: as credit.grant, data.customer: must be text of 1 to 255 bytes"),
        ('{"creditAmount": 5, "customerId": "c", "currency": "XYZ"}',
         "line 7: 'XYZ' is no currency of ISO 4217, nor a unit of tenant acme"),
        ('{"creditAmount": 5, "customerId": "c", "currency": 5}',
         "line 7: currency: must be a currency code"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(text: str, sentence: str) -> None:
    assert refused(Named.VAYU, text).startswith(sentence)


def test_without_a_currency_it_says_what_to_do() -> None:
    said = refused(Named.VAYU, '{"creditAmount": 5, "customerId": "c"}', None)
    assert said == (
        "line 7: no currency, and tenant acme has no default: say `currency` in the line, or set "
        "default_currency by a tenant.configure first"
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"customer_id": "x"}, "exactly one of customer_id, customer_external_id is required"),
        ({"allocations": [{"amount": 1, "invoice_id": "i"}]},
         "allocations: must be empty; send a credit.apply for each, after the credit"),
        ({"line_items": [{"amount": 1.5}]},
         "line_items: each amount must be an integer of minor units"),
        ({"line_items": [{"amount": 1, "colour": 1}]},
         "line_items[0].'colour': unknown field"),
        ({"line_items": [{"amount": 1, "revenue_account_identifier": "4000"}]},
         "line_items[0].revenue_account_identifier: must be {type, id} or {type, stable_name}"),
        ({"line_items": {}}, "line_items: must be an array"),
        ({"tags": [{"key": "k"}]}, "tags[0].value: required"),
        ({"id": "other"}, "id is said twice, and differently"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_credit_of_layer(change: dict[str, Any], sentence: str) -> None:
    assert refused(Named.LAYER, json.dumps({**LAYER, **change})).startswith(f"line 7: {sentence}")


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_mapping_is_whole(name: Named) -> None:
    """It has a customer and an amount, and says what is to be done where nothing may stand."""
    foreign = MAPPINGS[name]
    ours = {to.field for to in foreign.fields.values()}
    assert "customer" in ours
    assert "amount" in ours or foreign.total_of in ours
    assert not foreign.fields.keys() & SHARED.keys()
    assert all(to.why_empty for to in foreign.fields.values() if to.read is Read.EMPTY)
