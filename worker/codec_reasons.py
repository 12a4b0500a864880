"""Why a message was refused, in sentences for the people who sent it.

A sentence names the place and says what to do. It is the same for the same message always, and it
never repeats more than a glimpse of a value: a message may be large or private.
"""

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from typing import Any, TypeAlias

from pydantic_core import ErrorDetails

from domain.money import minor_units

SENTENCE_MAX = 480
ERRORS_MAX = 3
_GLIMPSE = 60

Decimals: TypeAlias = int | set[int] | None
"""Those of the message's currency; None without one. Where the codec does not know the currency, a
set of those that the texts of amounts show."""

# By pydantic's error type; all others are worded in codec_fields, beside their schemas.
_SENTENCES = {
    "missing": "required",
    "dataclass_type": "must be an object, not {value}",
    "tuple_type": "must be an array, not {value}",
    "dict_type": "must be an object, not {value}",
    "too_long": "must have at most {max_length} entries",
    "bool_type": "must be true or false, not {value}",
    "enum": "must be {expected}, not {value}",
    "literal_error": "must be {expected}, not {value}",
}


def quoted(text: str, length: int = _GLIMPSE) -> str:
    """A glimpse of a text: on one line, in printable characters."""
    return cut(repr(text[: length + 1]), length)


def cut(text: str, length: int) -> str:
    """A text, ending in dots where it would be longer."""
    return text if len(text) <= length else f"{text[: length - 3]}..."


def join(path: Sequence[str | int]) -> str:
    """How people write a path: `data.lines[0].amount`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + (step if step.isidentifier() else quoted(step, 40))
    return text if len(text) <= _GLIMPSE else f"...{text[3 - _GLIMPSE :]}"


def did_you_mean(name: str, known: Collection[str]) -> str:
    """The end of a sentence about an unknown name: the known one that looks most like it."""
    close = get_close_matches(name[:_GLIMPSE], known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def is_signed_nothing(value: int | str, amount: int, at_least: int) -> bool:
    """Whether an amount that cannot be negative says `-0.00`, which its schema refuses."""
    return amount == 0 == at_least and isinstance(value, str) and value.startswith("-")


def in_force(text: str, decimals: int | set[int]) -> int:
    """The decimals by which to read an amount: where they are not known, those that it shows."""
    return decimals if isinstance(decimals, int) else len(text.partition(".")[2])


def amount_with(decimals: int | set[int]) -> str:
    """What an amount must be."""
    exactly = f"exactly {decimals} decimals" if isinstance(decimals, int) else "its unit's decimals"
    return (
        f"an integer of minor units or a string with {exactly if decimals != 0 else 'no decimals'}"
    )


def sentence(error: ErrorDetails, decimals: Decimals) -> str:
    """What is wrong with one value."""
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "money":
        return _about_money(value, decimals, **context)
    if kind == "instant" and isinstance(value, str) and value[16:19] == ":60":
        return "a leap second cannot be kept; send second 59"
    if kind in {"expected", "instant"}:
        return f"{error['msg']}, not {_shown(value)}"
    wording = _SENTENCES.get(kind)
    return wording.format(value=_shown(value), **context) if wording else error["msg"]


def _about_money(value: Any, decimals: Decimals, at_least: int, at_most: int) -> str:
    if decimals is None:
        return "cannot be read without a currency"
    try:
        amount = value if type(value) is int else minor_units(value, in_force(value, decimals))
    except (AttributeError, TypeError, ValueError):
        amount = None
    if amount is not None and is_signed_nothing(value, amount, at_least):
        return f"must be written without a sign when it is nothing, not {_shown(value)}"
    if amount is not None:
        return f"must be from {at_least} to {at_most} minor units, not {_shown(value)}"
    return f"must be {amount_with(decimals)}, not {_shown(value)}"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, int):
        return cut(str(value), 40)
    return {float: "a float", list: "an array", dict: "an object"}.get(type(value), "null")
