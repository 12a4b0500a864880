"""Amounts in JSON Schema: how many decimals a text must show follows from the currency.

A schema cannot compute, but it can say which texts are amounts of each number of decimals. Only
plain regular expressions are used, without look-around, because not every validator has it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import is_dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from domain.fields import Money
from domain.money import AMOUNT_MAX, EXPONENTS
from worker.codec_fields import hints, part_of

_DIGITS = len(str(AMOUNT_MAX)) - 1
UNIT_DECIMALS_MAX = 4
"""Of a unit that a tenant has declared."""

assert AMOUNT_MAX == 10**_DIGITS, "the patterns count digits, so the bound must be a power of ten"


def money_shape(
    at_least: int, at_most: int, decimals: Iterable[int] = range(UNIT_DECIMALS_MAX + 1)
) -> dict[str, Any]:
    """An amount: an integer of minor units, or text with one of these numbers of decimals."""
    assert at_least in (1, 0, -at_most) and at_most == AMOUNT_MAX, "bounds that patterns can say"
    text = {"type": "string", "pattern": _text_pattern(decimals, "-?" if at_least < 0 else "")}
    if at_least == 1:
        text["not"] = {"pattern": "^[0.]*$"}  # type: ignore[assignment]  # a schema within
    return {"anyOf": [whole_money(at_least, at_most), text]}


def whole_money(at_least: int, at_most: int) -> dict[str, Any]:
    """An amount as an integer of minor units, which fits every currency."""
    return {"type": "integer", "minimum": at_least, "maximum": at_most}


def amounts_of(
    at_least: int, at_most: int
) -> Iterator[tuple[str, dict[str, Any], tuple[str, ...]]]:
    """For each number of decimals a name, the amounts that have them, and the currencies."""
    for name, codes in currencies().items():
        exponent = EXPONENTS[codes["enum"][0]]
        shape = money_shape(at_least, at_most, [exponent])
        told = f"Minor units, or text with {exponent or 'no'} decimals."
        named = name.removeprefix("CurrencyWith")
        yield f"AmountWith{named}", {"description": told, **shape}, tuple(codes["enum"])


def currencies() -> dict[str, dict[str, Any]]:
    """A definition for each number of decimals: the currencies that have it."""
    by_decimals: defaultdict[int, list[str]] = defaultdict(list)
    for code, exponent in EXPONENTS.items():
        by_decimals[exponent].append(code)
    return {
        _name(exponent): {
            "description": f"Currencies whose amounts have {exponent or 'no'} decimals.",
            "enum": sorted(codes),
        }
        for exponent, codes in sorted(by_decimals.items())
    }


def any_currency(prefix: str) -> dict[str, Any]:
    """What `currency` may be."""
    options = [{"$ref": f"{prefix}{name}"} for name in (*currencies(), "Identifier")]
    told = "A code of ISO 4217, in upper case, or a unit that the tenant has declared before."
    return {"description": told, "anyOf": options}


def decimals_rules(part: type, prefix: str) -> list[dict[str, Any]]:
    """For each number of decimals: when the currency has it, what texts the amounts may be."""
    rules = []
    for exponent in sorted(set(EXPONENTS.values())):
        amounts = _amounts_of(part, {"pattern": _text_pattern([exponent])})
        if amounts:
            currency = {"currency": {"$ref": f"{prefix}{_name(exponent)}"}}
            condition = {"properties": currency, "required": ["currency"]}
            rules.append({"if": condition, "then": {"properties": amounts}})
    return rules


def _name(exponent: int) -> str:
    return f"CurrencyWith{exponent or 'No'}Decimals"


def _text_pattern(decimals: Iterable[int], sign: str = "-?") -> str:
    """Texts with so many decimals, up to AMOUNT_MAX; a pattern leaves integers alone."""
    return f"^{sign}({'|'.join(map(_digits, decimals))})$"


def _digits(decimals: int) -> str:
    point = rf"\.[0-9]{{{decimals}}}" if decimals else ""
    zeros = rf"\.0{{{decimals}}}" if decimals else ""
    whole = _DIGITS - decimals
    return rf"(0|[1-9][0-9]{{0,{whole - 1}}}){point}|10{{{whole}}}{zeros}"


def _amounts_of(part: type, rule: Mapping[str, Any]) -> dict[str, Any]:
    """The rule at each amount of a dataclass, also of those in its arrays."""
    found: dict[str, Any] = {}
    for name, hint in hints(part).items():
        inner = part_of(hint)
        if _is_money(hint):
            found[name] = dict(rule)
        elif get_origin(hint) is tuple and inner is not None and is_dataclass(inner):
            within = _amounts_of(inner, rule)
            if within:
                found[name] = {"items": {"properties": within}}
    return found


def _is_money(hint: Any) -> bool:
    """Whether it is an amount; one that may be missing is still an amount."""
    if get_origin(hint) is Annotated:
        return any(isinstance(marker, Money) for marker in get_args(hint)[1:])
    either = get_origin(hint) in {Union, UnionType}
    return either and any(_is_money(option) for option in get_args(hint))
