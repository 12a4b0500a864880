"""From type hints to JSON Schema 2020-12: the hints of `domain` say all that the wire must hold.

Accepted objects are closed, as in the codec: an unknown field would be quarantined. Published ones
are open, so that an event with one more field still fits the schema of an older subscriber.
"""

import re
from collections import abc
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from enum import StrEnum
from inspect import cleandoc
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from domain import fields as markers
from domain.fields import (
    Creator,
    Identifier,
    JsonObject,
    Money,
    MoneyByCurrency,
    Name,
    Prose,
    Rfc3339,
    Whole,
)
from worker.codec_fields import KEYS_MAX, hints
from worker.contract.amounts import amounts_of, money_shape, whole_money

Schema: TypeAlias = dict[str, Any]

_DAY = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"
_INSTANT = rf"^{_DAY}[Tt]{_TIME}:[0-5][0-9](\.[0-9]+)?([Zz]|[+-]{_TIME})$"
_UTC = rf"^{_DAY}T{_TIME}:[0-5][0-9](\.[0-9]{{6}})?Z$"

_CONTROL = r"[\x00-\x1f\x7f-\x9f]"

_NAMED = {hint: name for name, hint in vars(markers).items() if get_origin(hint) is Annotated}
"""The hints that `domain/fields.py` gives a name to; they keep it as definitions."""


@dataclass(frozen=True)
class Doc:
    """What a field means, where its name and type do not say it."""

    text: str


@dataclass(frozen=True)
class Matching:
    """Text of a certain form."""

    pattern: str


@dataclass(frozen=True)
class Utc:
    """An instant in UTC, with microseconds only where there are any."""


@dataclass
class Shapes:
    """Turns hints into schemas; what has a name becomes a definition, referred to by it."""

    closed: bool
    prefix: str = "#/$defs/"
    definitions: dict[str, Schema] = field(default_factory=dict)

    def whole(self, part: type) -> Schema:
        """The object that a dataclass describes."""
        members = {each.name: self._member(each, hints(part)[each.name]) for each in fields(part)}
        required = [each.name for each in fields(part) if each.default is MISSING]
        shape: Schema = {
            "description": described(part),
            "type": "object",
            "properties": members,
            "required": required,
        }
        return shape | ({"additionalProperties": False} if self.closed else {})

    def value(self, hint: Any) -> Schema:
        """What one value must be."""
        origin, inner = get_origin(hint), get_args(hint)
        if hint in _NAMED:
            return self._reference(_NAMED[hint], self._marked(*inner))
        if origin is Annotated:
            return self._marked(*inner)
        if origin in {Union, UnionType}:
            (only,) = (option for option in inner if option is not NoneType)
            return _or_null(self.value(only))
        if origin is tuple:
            return {"type": "array", "items": self.value(inner[0])}
        if origin is abc.Mapping:
            return self._map(inner[0], self.value(inner[1]))
        if origin is Literal:
            return {"const": inner[0]} if len(inner) == 1 else {"enum": list(inner)}
        if hint is bool:
            return {"type": "boolean"}
        if origin is dict:
            return {"type": "object"}
        if isinstance(hint, type) and is_dataclass(hint):
            return self._reference(hint.__name__, self.whole(hint))
        if issubclass(hint, StrEnum):
            return {"description": described(hint), "enum": [str(member) for member in hint]}
        raise TypeError(f"the contract has no schema for {hint}")

    def _member(self, each: Any, hint: Any) -> Schema:
        """A field; null stands for its default, as the codec has it."""
        shape = self.value(hint)
        if each.default is MISSING:
            return shape
        default = {} if each.default in (None, ()) else {"default": each.default}
        return (shape if _takes_null(hint) else _or_null(shape)) | default

    def _map(self, keys: Any, values: Schema) -> Schema:
        """An object whose keys are the sender's own."""
        names = {"type": "object", "propertyNames": self.value(keys)}
        return {**names, "additionalProperties": values, "maxProperties": KEYS_MAX}

    def _by_currency(self, at_least: int, at_most: int) -> Schema:
        """An amount for each code, with its decimals; a unit of one's own may be any other name."""
        known = {
            code: self._reference(name, shape)
            for name, shape, codes in amounts_of(at_least, at_most)
            for code in codes
        }
        others = self._map(Identifier, whole_money(at_least, at_most))
        return {**others, "properties": dict(sorted(known.items()))}

    def _reference(self, name: str, shape: Schema) -> Schema:
        known = self.definitions.setdefault(name, shape)
        assert known == shape, f"two shapes have the name {name}"
        return {"$ref": f"{self.prefix}{name}"}

    def _marked(self, base: Any, marker: object, *more: object) -> Schema:
        doc = next((found for found in (marker, *more) if isinstance(found, Doc)), None)
        if isinstance(marker, Doc):
            return {**self.value(base), "description": marker.text}
        shape = self._shape(base, marker)
        if doc is None and isinstance(marker, Whole | Matching):
            return shape  # the keywords say it all
        return {"description": doc.text if doc else described(marker), **shape}

    def _shape(self, base: Any, marker: object) -> Schema:
        match marker:
            case Money(at_least, at_most):
                return money_shape(at_least, at_most)
            case MoneyByCurrency(at_least, at_most):
                return self._by_currency(at_least, at_most)
            case Name(bytes_max):
                text = {"type": "string", "minLength": 1, "maxLength": bytes_max}
                return {**text, "not": {"pattern": _CONTROL}}
            case Prose(characters_max):
                return {"type": "string", "maxLength": characters_max}
            case Whole(at_least, at_most):
                return {"type": "integer", "minimum": at_least, "maximum": at_most}
            case Rfc3339():
                instant = {"type": "string", "format": "date-time", "pattern": _INSTANT}
                return {**instant, "not": {"pattern": "^0000"}}
            case Utc():
                return {"type": "string", "format": "date-time", "pattern": _UTC}
            case Matching(pattern):
                return {"type": "string", "pattern": pattern}
            case JsonObject():
                return {"type": "object"}
            case Creator():
                return {"anyOf": [self.value(hints(base)["id"]), self.value(base)]}
        raise TypeError(f"the contract has no schema for {marker}")


def described(thing: Any) -> str:
    """The first paragraph of its docstring; a marker's own values stand where it names them."""
    text = " ".join(cleandoc(thing.__doc__ or "").split("\n\n")[0].split())
    values: Mapping[str, Any] = {} if isinstance(thing, type) else vars(thing)
    return re.sub(r"`(\w+)`", lambda name: str(values.get(name[1], name[0])), text)


def _takes_null(hint: Any) -> bool:
    return get_origin(hint) in {Union, UnionType}


def _or_null(shape: Schema) -> Schema:
    if "enum" in shape:
        return {**shape, "enum": [*shape["enum"], None]}
    if "type" in shape:
        return {**shape, "type": [shape["type"], "null"]}
    if "anyOf" in shape:
        return {**shape, "anyOf": [*shape["anyOf"], {"type": "null"}]}
    return {"anyOf": [shape, {"type": "null"}]}
