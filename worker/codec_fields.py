"""From the fields of `domain` to validators: the type hints say all that the wire must hold.

The schemas are built from the hints directly, because pydantic reads plain dataclasses by its own
rules, and those coerce: `"5"` would be an integer and `1` a yes. Everything here is strict.
"""

import json
import re
from collections import abc
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic_core import CoreSchema, PydanticCustomError, SchemaValidator, ValidationError
from pydantic_core import core_schema as cs

from domain.fields import Creator, JsonObject, Money, MoneyByCurrency, Name, Prose, Rfc3339, Whole
from domain.money import EXPONENTS, minor_units
from worker.codec_reasons import in_force, is_signed_nothing

METADATA_LEVELS = 32
KEYS_MAX = 1_000

_CONTROL = re.compile("[\0-\x1f\x7f-\x9f]")
_RFC3339 = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?"
    r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def validator(hint: Any, *, extra: Literal["forbid", "ignore"] = "forbid") -> SchemaValidator:
    """A validator of one value; its context is the `Decimals` of the message's currency."""
    return SchemaValidator(_dataclass(hint, extra) if is_dataclass(hint) else _schema(hint))


@cache
def hints(part: type) -> Mapping[str, Any]:
    """The fields of a dataclass with their full type hints, ClassVars left out."""
    found = get_type_hints(part, include_extras=True)
    return {field.name: found[field.name] for field in fields(part)}


def part_of(hint: Any) -> type | None:
    """The dataclass that a hint holds, as `tuple[Line, ...]` holds Line."""
    if isinstance(hint, type) and is_dataclass(hint):
        return hint
    return next((part for inner in get_args(hint) if (part := part_of(inner))), None)


def _dataclass(part: Any, extra: Literal["forbid", "ignore"] = "forbid") -> CoreSchema:
    names = list(hints(part))
    arguments = cs.dataclass_args_schema(
        part.__name__, [_field(field, part) for field in fields(part)], extra_behavior=extra
    )
    return cs.dataclass_schema(
        part, arguments, names, slots=hasattr(part, "__slots__"), frozen=True
    )


def _field(field: Field[Any], part: type) -> cs.DataclassField:
    schema = _schema(hints(part)[field.name])
    if field.default is not MISSING:
        if field.default is not None:
            schema = cs.no_info_before_validator_function(_null_as(field.default), schema)
        schema = cs.with_default_schema(schema, default=field.default)
    return cs.dataclass_field(field.name, schema, kw_only=True)


def _null_as(default: Any) -> Callable[[Any], Any]:
    return lambda value: default if value is None else value


def _schema(hint: Any) -> CoreSchema:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _marked(*inner)
    if origin in {Union, UnionType}:
        (only,) = (option for option in inner if option is not NoneType)
        return cs.nullable_schema(_schema(only))
    if origin is tuple:
        return cs.tuple_schema([_schema(inner[0])], variadic_item_index=0)
    if origin is abc.Mapping:
        keys, values = inner
        return cs.dict_schema(_schema(keys), _schema(values), max_length=KEYS_MAX)
    if origin is Literal:
        return cs.literal_schema(list(inner))
    if origin is dict:
        return _worded(cs.is_instance_schema(dict), "must be an object")
    if hint is bool:
        return cs.bool_schema(strict=True)
    if is_dataclass(hint):
        return _dataclass(hint)
    if issubclass(hint, StrEnum):
        return cs.enum_schema(hint, list(hint), sub_type="str")
    raise TypeError(f"the codec has no schema for {hint}")


def _marked(base: Any, marker: object) -> CoreSchema:
    match marker:
        case Money(at_least, at_most):
            return _money(at_least, at_most)
        case MoneyByCurrency(at_least, at_most):
            return cs.no_info_plain_validator_function(_by_currency(at_least, at_most))
        case Name(bytes_max):
            return _name(bytes_max)
        case Prose(characters_max):
            text = cs.str_schema(strict=True, max_length=characters_max)
            return _worded(text, f"must be text of at most {characters_max} characters")
        case Whole(at_least, at_most):
            whole = cs.int_schema(strict=True, ge=at_least, le=at_most)
            return _worded(whole, f"must be an integer from {at_least} to {at_most}")
        case Rfc3339():
            return _instant()
        case JsonObject(bytes_max):
            return cs.no_info_plain_validator_function(_json_object(bytes_max))
        case Creator():
            return cs.no_info_before_validator_function(_creator, _schema(base))
    raise TypeError(f"the codec has no schema for {marker}")


def _worded(schema: CoreSchema, sentence: str, kind: str = "expected") -> CoreSchema:
    """The schema with one sentence for whatever is wrong; the value is shown behind it."""
    return cs.custom_error_schema(schema, kind, custom_error_message=sentence)


def _money(at_least: int, at_most: int) -> CoreSchema:
    def from_text(value: Any, info: cs.ValidationInfo) -> int:
        if not isinstance(value, str):
            raise ValueError
        exponent: Any = info.context
        if exponent is None:
            return 0  # the missing currency is an error already, and the one to report
        if type(exponent) is set:
            shown, exponent = exponent, in_force(value, exponent)
            shown.add(exponent)
        amount = minor_units(value, exponent)
        if not at_least <= amount <= at_most or is_signed_nothing(value, amount, at_least):
            raise ValueError
        return amount

    return cs.union_schema(
        [
            cs.int_schema(strict=True, ge=at_least, le=at_most),
            cs.with_info_plain_validator_function(from_text),
        ],
        mode="left_to_right",
        custom_error_type="money",
        custom_error_message="money",
        custom_error_context={"at_least": at_least, "at_most": at_most},
    )


def _by_currency(at_least: int, at_most: int) -> Callable[[Any], dict[str, int]]:
    amount, currency = SchemaValidator(_money(at_least, at_most)), SchemaValidator(_name(255))

    def check(value: Any) -> dict[str, int]:
        if not isinstance(value, dict) or len(value) > KEYS_MAX:
            raise PydanticCustomError("expected", "must be an object of amounts by currency")
        checked = {}
        for code, given in value.items():
            unit = EXPONENTS.get(code)
            readable = unit is not None or isinstance(given, int)  # a unit's decimals come later
            if not readable or not currency.isinstance_python(code):
                raise PydanticCustomError("expected", "must have integers for units of your own")
            try:
                checked[code] = amount.validate_python(given, context=unit)
            except ValidationError as error:
                raise PydanticCustomError("expected", "must have amounts by currency") from error
        return checked

    return check


def _name(bytes_max: int) -> CoreSchema:
    # Measured: a call from Rust with these two cheap tests takes half the time of a Rust pattern.
    def fit(text: str) -> str:
        if not text.isprintable() and _CONTROL.search(text):
            raise ValueError
        if len(text) * 4 > bytes_max and len(text.encode()) > bytes_max:
            raise ValueError
        return text

    text = cs.str_schema(strict=True, min_length=1, max_length=bytes_max)
    schema = cs.no_info_after_validator_function(fit, text)
    wanted = f"must be text of 1 to {bytes_max} bytes without control characters"
    return _worded(schema, wanted)


def _instant() -> CoreSchema:
    def in_utc(text: str) -> datetime:
        try:
            instant = datetime.fromisoformat(text.upper())
            return instant if instant.tzinfo is UTC else instant.astimezone(UTC)
        except OverflowError as error:
            raise ValueError from error

    text = cs.str_schema(strict=True, pattern=_RFC3339)
    schema = cs.no_info_after_validator_function(in_utc, text)
    wanted = "must be an instant with an offset as RFC 3339 has it, such as 2026-01-31T09:30:00Z"
    return _worded(schema, wanted, "instant")


def _json_object(bytes_max: int) -> Callable[[Any], dict[str, Any]]:
    def check(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise PydanticCustomError("expected", "must be an object")
        if _deeper_than(METADATA_LEVELS, value):
            raise PydanticCustomError("bounds", f"must be at most {METADATA_LEVELS} levels deep")
        if len(_compact(value).encode()) > bytes_max:
            raise PydanticCustomError(
                "bounds", f"must be at most {bytes_max} bytes of JSON without white space"
            )
        return value

    return check


def _deeper_than(levels: int, value: Any) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper_than(levels - 1, entry) for entry in inner)


def _creator(value: Any) -> Any:
    return {"id": value} if isinstance(value, str) else value
