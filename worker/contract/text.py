"""JSON as people like to read it in a diff: what fits on a line stands on one."""

import json
from typing import Any

WIDTH = 100


def pretty(value: Any) -> str:
    """A whole file's text."""
    return _text(value, 0, 0) + "\n"


def _text(value: Any, indent: int, used: int) -> str:
    """The value at this indentation, on a line of which `used` characters are taken."""
    short = json.dumps(value, ensure_ascii=False)
    if used + len(short) < WIDTH or not isinstance(value, dict | list) or not value:
        return short
    inner, margin = indent + 2, " " * indent
    if isinstance(value, list) and not any(isinstance(each, dict | list) for each in value):
        return f"[\n{_filled(value, inner)}\n{margin}]"
    if isinstance(value, list):
        rows = [_text(each, inner, inner) for each in value]
        opening, closing = "[", "]"
    else:
        names = [f"{json.dumps(name, ensure_ascii=False)}: " for name in value]
        texts = zip(names, value.values(), strict=True)
        rows = [name + _text(each, inner, inner + len(name)) for name, each in texts]
        opening, closing = "{", "}"
    body = ",\n".join(" " * inner + row for row in rows)
    return f"{opening}\n{body}\n{margin}{closing}"


def _filled(values: list[Any], indent: int) -> str:
    """Many short values, as many on a line as fit."""
    lines, line = [], " " * indent
    for number, value in enumerate(values, 1):
        word = json.dumps(value, ensure_ascii=False) + ("," if number < len(values) else "")
        if len(line) + len(word) + 1 > WIDTH and line.strip():
            lines.append(line.rstrip())
            line = " " * indent
        line += f"{word} "
    return "\n".join([*lines, line.rstrip()])
