"""Changes to schemas that would break somebody, each with its sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Schema = dict[str, Any]
Change = Callable[[Schema], object]

GRANT, INVOICE, CHANGED = "credit.grant", "invoice.created", "credit.balance_changed"


def data(schema: Schema) -> Schema:
    found: Schema = schema["properties"]["data"]
    return found


def field(name: str) -> Callable[[Schema], Schema]:
    return lambda schema: data(schema)["properties"][name]


def part(name: str) -> Callable[[Schema], Schema]:
    return lambda schema: schema["$defs"][name]


def put(place: Callable[[Schema], Schema], **keywords: Any) -> Change:
    return lambda schema: place(schema).update(keywords)


def drop(place: Callable[[Schema], Schema], keyword: str) -> Change:
    return lambda schema: place(schema).pop(keyword)


def without(name: str) -> Change:
    """A dataclass without this field."""

    def change(schema: Schema) -> None:
        del data(schema)["properties"][name]
        data(schema)["required"] = [each for each in data(schema)["required"] if each != name]

    return change


BREAKS: list[tuple[str, str, Change, str]] = [
    ("a field goes", GRANT, without("memo"), "data.memo: the field is gone"),
    (
        "an optional field becomes required",
        GRANT,
        lambda schema: data(schema)["required"].append("memo"),
        "data.memo: the field is required and was not",
    ),
    (
        "a new field is required",
        GRANT,
        lambda schema: (
            data(schema)["properties"].update(market={"type": "string"}),
            data(schema)["required"].append("market"),
        ),
        "data.market: the field is required and was not",
    ),
    (
        "null is taken no more",
        GRANT,
        put(field("tags"), type="array"),
        "data.tags: no longer takes null",
    ),
    (
        "an alternative goes",
        GRANT,
        lambda schema: field("created_by")(schema)["anyOf"].pop(0),
        "data.created_by: no longer takes string",
    ),
    (
        "a type changes",
        INVOICE,
        put(field("auto_apply"), type=["string", "null"]),
        "data.auto_apply: no longer takes boolean",
    ),
    (
        "a value goes",
        GRANT,
        lambda schema: field("category")(schema)["enum"].remove("promotional"),
        "data.category: the value promotional is gone",
    ),
    (
        "values are listed where any would do",
        GRANT,
        put(part("Text"), enum=["a"]),
        "data.note: takes fewer values",
    ),
    (
        "a currency goes",
        GRANT,
        lambda schema: part("CurrencyWith2Decimals")(schema)["enum"].remove("EUR"),
        "data.currency: the value EUR is gone",
    ),
    (
        "an upper bound comes down",
        GRANT,
        put(part("Priority"), maximum=99),
        "data.priority: maximum was 100 and is 99",
    ),
    (
        "a lower bound goes up",
        GRANT,
        put(part("Priority"), minimum=1),
        "data.priority: minimum was 0 and is 1",
    ),
    (
        "a text gets shorter",
        GRANT,
        put(part("Identifier"), maxLength=100),
        "id: maxLength was 255 and is 100",
    ),
    (
        "a number of items is bounded",
        GRANT,
        put(field("scope"), maxItems=10),
        "data.scope: maxItems was none and is 10",
    ),
    (
        "a pattern comes up",
        GRANT,
        put(part("Text"), pattern="^[a-z]*$"),
        "data.note: `pattern` is another",
    ),
    (
        "a default changes",
        GRANT,
        put(field("priority"), default=10),
        "data.priority: the default was 50 and is 10",
    ),
    (
        "a part of an item goes",
        INVOICE,
        lambda schema: part("Line")(schema)["properties"].pop("product"),
        "data.lines[].product: the field is gone",
    ),
    (
        "decimals change",
        GRANT,
        lambda schema: data(schema)["allOf"][1]["then"]["properties"].update(
            amount={"pattern": "0"}
        ),
        "data.amount: `pattern` is another",
    ),
    (
        "a currency gets other decimals",
        GRANT,
        lambda schema: (
            part("CurrencyWith2Decimals")(schema)["enum"].remove("EUR"),
            part("CurrencyWith3Decimals")(schema)["enum"].append("EUR"),
        ),
        "data.currency: the value EUR is gone",
    ),
    (
        "another condition",
        GRANT,
        lambda schema: data(schema)["allOf"].append({"required": ["memo"]}),
        "data: has other conditions",
    ),
    (
        "extensions are taken no more",
        GRANT,
        lambda schema: schema.update(additionalProperties=False),
        "*: no longer takes everything that it did",
    ),
    ("a told field goes", CHANGED, without("available"), "data.available: the field is gone"),
    (
        "a told field may be missing",
        CHANGED,
        lambda schema: data(schema)["required"].remove("available"),
        "data.available: the field may be missing and was always there",
    ),
    (
        "a told field may be null",
        CHANGED,
        put(field("available"), type=["integer", "null"]),
        "data.available: may now be null",
    ),
    (
        "a told bound is lifted",
        CHANGED,
        put(field("balance"), minimum=-1),
        "data.balance: minimum was 0 and is -1",
    ),
    (
        "a told bound goes",
        CHANGED,
        drop(field("balance"), "maximum"),
        "data.balance: maximum was 9000000000000000 and is none",
    ),
    (
        "a told form changes",
        CHANGED,
        lambda schema: schema["properties"]["id"].update(pattern="^[0-9]+$"),
        "id: `pattern` is another",
    ),
    (
        "a told value goes",
        CHANGED,
        lambda schema: part("Entry")(schema)["properties"]["kind"]["enum"].remove("void"),
        "data.entries[].kind: the value void is gone",
    ),
    (
        "a closed list is extended at its beginning",
        CHANGED,
        lambda schema: part("Entry")(schema)["properties"]["kind"]["enum"].insert(0, "gift"),
        "data.entries[].kind: a closed list is extended at its end only",
    ),
    (
        "a closed list is open",
        "invoice.credited",
        drop(field("why"), "enum"),
        "data.why: may now be any value",
    ),
]
"""What changes, the type, how, and the sentence."""
