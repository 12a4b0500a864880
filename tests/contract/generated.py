"""Values made from the published schemas, and the same with something changed in them."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta, timezone
from typing import Any

from hypothesis import strategies as st

TEXT_MAX = 60
"""Characters; a schema counts them, the codec counts bytes, and at most 240 fit both."""

_CODES = ("JPY", "KWD", "USD", "CLF")
"""A currency for each number of decimals."""

_PLAIN = st.characters(exclude_categories=["Cc", "Cs"])
_WORDS = st.text(_PLAIN, max_size=8)
_FRACTIONS = st.floats(allow_nan=False, allow_infinity=False).filter(
    lambda number: not number.is_integer()  # to a schema 1.0 is an integer, to the codec it is none
)
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | _FRACTIONS | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3),
    max_leaves=5,
)
_OFFSETS = st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(
    lambda offset: timezone(timedelta(minutes=offset // timedelta(minutes=1)))
)


def values(schema: Any, root: Any) -> st.SearchStrategy[Any]:
    """Most of what a schema allows, and some that it forbids: `not`, `if` and sums are no help."""
    if "$ref" in schema:
        return values(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root)
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of([values(option, root) for option in schema["anyOf"]])
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    return st.one_of([_OF[kind](schema, root) for kind in kinds])


def _made_to_sum(whole: Any) -> Any:
    """The same, with the amount that its lines sum to, which no schema can ask for."""
    data = whole["data"]
    for lines, total in (("lines", "amount_due"), ("line_items", "amount")):
        if data.get(lines):
            for line in data[lines]:
                line["amount"] = line["amount"] if isinstance(line["amount"], int) else 7
            data[total] = sum(line["amount"] for line in data[lines])
    return whole


def _objects(schema: Any, root: Any) -> st.SearchStrategy[Any]:
    if "propertyNames" in schema:
        return _maps(schema, root)
    if "properties" not in schema:
        return st.dictionaries(_WORDS, _ANYTHING, max_size=3)
    fields = {name: values(each, root) for name, each in schema["properties"].items()}
    required = {name: fields.pop(name) for name in schema["required"]}
    return st.fixed_dictionaries(required, optional=fields)


def _maps(schema: Any, root: Any) -> st.SearchStrategy[Any]:
    """Objects whose keys are the sender's own; those that the schema knows come up too."""
    listed = schema.get("properties", {})
    known = {name: values(listed[name], root) for name in _CODES if name in listed}
    names = values(schema["propertyNames"], root).filter(lambda name: name not in listed)
    others = st.dictionaries(names, values(schema["additionalProperties"], root), max_size=2)
    return st.tuples(others, st.fixed_dictionaries({}, optional=known)).map(
        lambda parts: parts[0] | parts[1]
    )


def _arrays(schema: Any, root: Any) -> st.SearchStrategy[Any]:
    return st.lists(values(schema["items"], root), max_size=3)


def _texts(schema: Any, _: Any) -> st.SearchStrategy[Any]:
    if schema.get("format") == "date-time":
        return _instants()
    if "|10{" in schema.get("pattern", ""):
        return st.builds(_amount, st.integers(0, 10**15), st.sampled_from([2, 2, 0, 1, 3, 4]))
    if "pattern" in schema:
        # Python's `$` also stands before a last line break, that of JSON Schema's dialect does not.
        found = st.from_regex(schema["pattern"], alphabet=_PLAIN)
        return found.filter(lambda text: "\n" not in text)
    most = min(schema.get("maxLength", TEXT_MAX), TEXT_MAX)
    return st.text(_PLAIN, min_size=schema.get("minLength", 0), max_size=most)


def _amount(minor: int, decimals: int) -> str:
    digits = f"{minor:0{decimals + 1}d}"
    return f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits


@st.composite
def _instants(draw: st.DrawFn) -> str:
    """Such as exist, with offsets and without, in capitals and in small letters."""
    whole = draw(st.datetimes(timezones=_OFFSETS)).replace(microsecond=0)
    text = whole.replace(year=min(max(whole.year, 4), 9_996)).isoformat()
    return draw(st.sampled_from([text, text.lower(), f"{text[:-6]}.1234567890Z", f"{text[:-6]}z"]))


def _integers(schema: Any, _: Any) -> st.SearchStrategy[Any]:
    return st.integers(schema.get("minimum"), schema.get("maximum"))


_OF: dict[str, Any] = {
    "object": _objects,
    "array": _arrays,
    "string": _texts,
    "integer": _integers,
    "boolean": lambda *_: st.booleans(),
    "null": lambda *_: st.none(),
}


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every object and array within, with each of its keys."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


@st.composite
def messages(draw: st.DrawFn, made: st.SearchStrategy[Any], awkward: list[Any]) -> Any:
    """What a schema's `values` are, and the same with one or two things changed."""
    whole = _made_to_sum(deepcopy(draw(made)))
    for _ in range(draw(st.sampled_from([0, 1, 1, 2]))):
        _change(draw, whole, awkward)
    return whole


def _change(draw: st.DrawFn, whole: Any, awkward: list[Any]) -> None:
    """One thing goes, is added, is another, or is said in another way."""
    part, key = draw(st.sampled_from(list(_places(whole))))
    match draw(st.sampled_from(["goes", "added", "other", "awkward", "otherwise"])):
        case "goes":
            del part[key]
        case "added" if isinstance(part, dict):
            part[draw(_WORDS)] = draw(_ANYTHING)
        case "other":
            part[key] = draw(_ANYTHING)
        case "otherwise" if isinstance(part[key], str):
            part[key] = draw(st.sampled_from(_WAYS))(part[key])
        case _:
            part[key] = deepcopy(draw(st.sampled_from(awkward)))


_WAYS = [
    str.upper,
    str.swapcase,
    str.lower,
    lambda text: f"-{text}",
    lambda text: f"+{text}",
    lambda text: f"0{text}",
    lambda text: f" {text}",
    lambda text: f"{text} ",
    lambda text: f"{text}0",
    lambda text: f"{text}\N{ARABIC-INDIC DIGIT ONE}",
    lambda text: text[:-1],
    lambda text: text * 2,
]
