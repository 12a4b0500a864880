"""JSON text, fast: half of what deciding a message costs is writing it down."""

import json
from collections.abc import Callable
from json import encoder as stdlib
from typing import Any

Encode = Callable[[Any], str]

quote: Callable[[str], str] = getattr(stdlib, "c_encode_basestring", None) or (
    stdlib.py_encode_basestring
)
"""A string as JSON text, in UTF-8 rather than with escapes."""


def json_encoder(
    *, ascii_only: bool, sort_keys: bool = False, default: Callable[[Any], Any] | None = None
) -> Encode:
    """`json.dumps` without spaces, set up once instead of at every call."""
    plain = json.JSONEncoder(
        ensure_ascii=ascii_only, sort_keys=sort_keys, separators=(",", ":"), default=default
    )
    try:
        string = stdlib.c_encode_basestring_ascii if ascii_only else stdlib.c_encode_basestring  # type: ignore[attr-defined]
        chunks = stdlib.c_make_encoder(  # type: ignore[attr-defined]
            None, plain.default, string, None, ":", ",", sort_keys, False, False
        )
        chunks([], 0)
    except (AttributeError, TypeError):
        return plain.encode  # another Python, other insides
    return lambda value: "".join(chunks(value, 0))
