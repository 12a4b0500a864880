"""Amounts in JSON Schema: how many decimals a text must show follows from the currency.

A schema cannot compute, but it can say which texts are amounts of each number of decimals. Only
plain regular expressions are used, without look-around, because not every validator has it.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Annotated, Any, get_args, get_origin

from domain.fields import Money
from domain.money import AMOUNT_MAX, EXPONENTS
from worker.codec_fields import hints, part_of

_DIGITS = len(str(AMOUNT_MAX)) - 1
assert AMOUNT_MAX == 10**_DIGITS, "the patterns count digits, so the bound must be a power of ten"


def money_shape(at_least: int, at_most: int) -> dict[str, Any]:
    """An amount in any currency: an integer of minor units, or text."""
    assert at_least in (1, 0, -at_most) and at_most == AMOUNT_MAX, "bounds that patterns can say"
    sign = "-?" if at_least < 0 else ""
    text = {"type": "string", "pattern": rf"^{sign}[0-9]+(\.[0-9]+)?$"}
    if at_least == 1:
        text["not"] = {"pattern": "^[0.]*$"}  # type: ignore[assignment]  # a schema within
    return {"anyOf": [{"type": "integer", "minimum": at_least, "maximum": at_most}, text]}


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
    options = [{"$ref": f"{prefix}{name}"} for name in currencies()]
    return {"description": "A code of ISO 4217, in upper case.", "anyOf": options}


def decimals_rules(part: type, prefix: str) -> list[dict[str, Any]]:
    """For each number of decimals: when the currency has it, what texts the amounts may be."""
    rules = []
    for exponent in sorted(set(EXPONENTS.values())):
        amounts = _amounts_of(part, {"pattern": _text_pattern(exponent)})
        if amounts:
            currency = {"currency": {"$ref": f"{prefix}{_name(exponent)}"}}
            condition = {"properties": currency, "required": ["currency"]}
            rules.append({"if": condition, "then": {"properties": amounts}})
    return rules


def _name(exponent: int) -> str:
    return f"CurrencyWith{exponent or 'No'}Decimals"


def _text_pattern(exponent: int) -> str:
    """Texts with exactly so many decimals, up to AMOUNT_MAX; a pattern leaves integers alone."""
    point = rf"\.[0-9]{{{exponent}}}" if exponent else ""
    zeros = rf"\.0{{{exponent}}}" if exponent else ""
    whole = _DIGITS - exponent
    return rf"^-?((0|[1-9][0-9]{{0,{whole - 1}}}){point}|10{{{whole}}}{zeros})$"


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
    return any(_is_money(inner) for inner in get_args(hint)) and get_origin(hint) is not tuple
