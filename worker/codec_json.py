"""JSON as scrip reads it: one value for every text, and nothing that a database cannot keep.

Python's parser calls itself for every level, so deep nesting can end a thread whose stack is small,
and the process with it. `parse` therefore counts the levels before the parser sees the bytes.
"""

import json
import math
import re
from typing import Any

from worker.codec_reasons import join, quoted


class UnreadableError(ValueError):
    """What makes bytes unfit to be read, as a sentence for people."""


_UNFIT = re.compile("[\0\ud800-\udfff]")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

LEVELS_MAX = 64
"""Arrays and objects within each other; the deepest message that scrip accepts has 36."""

_BRACKET = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
"""A bracket, or a whole text, in which brackets mean nothing."""


def parse(raw: bytes) -> Any:
    """The value that the bytes hold; raises UnreadableError, and nothing else."""
    try:
        text = _text(raw)
        if _too_deep(raw):
            raise UnreadableError("nested too deeply to be read")
        value = _decode(text)
        # Only an escape can bring NUL or a lone surrogate past the UTF-8 and JSON decoders.
        if b"\\u" in raw:
            _refuse_unfit(value, ())
    except UnreadableError:
        raise
    except json.JSONDecodeError as error:
        problem = error.msg.removesuffix(" at")
        where = f"line {error.lineno} column {error.colno}"
        raise UnreadableError(f"not JSON: {problem} at {where}") from error
    except ValueError as error:
        raise UnreadableError("not JSON that can be read: a number has too many digits") from error
    return value


def salvage(raw: bytes, name: str) -> Any:
    """The member `name` of the outermost object when it is plain to see, else None.

    For bytes that `parse` has refused: a quarantined message is easier to find by its id.
    """
    if _too_deep(raw):
        return None
    try:
        value = json.loads(raw.decode(), object_pairs_hook=lambda pairs: _single(pairs, name))
    except ValueError:
        return None
    return value.get(name) if isinstance(value, dict) else None


def _single(pairs: list[tuple[str, Any]], name: str) -> dict[str, Any]:
    return {} if sum(key == name for key, _ in pairs) > 1 else dict(pairs)


def _text(raw: bytes) -> str:
    if raw.startswith(_BYTE_ORDER_MARK):
        raise UnreadableError("starts with a byte order mark: send UTF-8 without one")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise UnreadableError(f"not UTF-8: byte {error.start + 1} cannot be read") from error


def _too_deep(raw: bytes) -> bool:
    """Whether the parser would go deeper than LEVELS_MAX, before it finds a mistake or the end."""
    if raw.count(b"[") + raw.count(b"{") <= LEVELS_MAX:
        return False
    levels = 0
    for found in _BRACKET.finditer(raw):
        match found[0]:
            case b"[" | b"{":
                levels += 1
                if levels > LEVELS_MAX:
                    return True
            case b"]" | b"}":
                levels -= 1
    return False


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise UnreadableError(f"the key {quoted(twice)} stands twice in one object")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise UnreadableError(f"the number {quoted(text)} is too large")
    return number


def _no_constant(text: str) -> float:
    raise UnreadableError(f"not JSON: {text} is no JSON number")


_decode = json.JSONDecoder(
    object_pairs_hook=_distinct, parse_float=_finite, parse_constant=_no_constant
).decode


def _refuse_unfit(value: Any, path: tuple[str | int, ...]) -> None:
    if isinstance(value, str):
        if _UNFIT.search(value):
            where = f"{join(path)}: " if path else ""
            raise UnreadableError(f"{where}text must not contain NUL or lone surrogates")
    elif isinstance(value, dict):
        for name, inner in value.items():
            if _UNFIT.search(name):
                raise UnreadableError(
                    f"the key {quoted(name)} must not contain NUL or lone surrogates"
                )
            _refuse_unfit(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            _refuse_unfit(inner, (*path, number))
