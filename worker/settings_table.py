"""Writes `worker/SETTINGS.md` from the settings themselves: python -m worker.settings_table."""

import ast
import inspect
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from pydantic.fields import FieldInfo

from worker.settings import Settings

PAGE = Path(__file__).with_name("SETTINGS.md")

_HEAD = """\
<!-- Written by `python -m worker.settings_table` from worker/settings.py. Do not edit. -->
# Settings

All are read from the environment at the start. A wrong one is named, and the start refused.

| setting | default | meaning |
|---|---|---|
"""


class Setting(NamedTuple):
    """One row of the table."""

    name: str
    default: str
    meaning: str


def rows() -> list[Setting]:
    """Every setting, in the order of the file."""
    meanings = dict(_docstrings())
    return [
        Setting(_variable(name, field), _default(field), meanings[name])
        for name, field in Settings.model_fields.items()
    ]


def page() -> str:
    """The whole page, as it should stand in the repository."""
    lines = (
        f"| `{row.name}` | {row.default} | {row.meaning.replace('|', chr(92) + '|')} |"
        for row in rows()
    )
    return _HEAD + "\n".join(lines) + "\n"


def _docstrings() -> Iterator[tuple[str, str]]:
    """Each field with the string below it, which python itself does not keep."""
    (definition,) = ast.parse(inspect.getsource(Settings)).body
    assert isinstance(definition, ast.ClassDef)
    for field, below in zip(definition.body, definition.body[1:], strict=False):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(meaning))),
            ):
                yield name, " ".join(meaning.split())


def _variable(name: str, field: FieldInfo) -> str:
    return field.alias or f"SCRIP_{name.upper()}"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be set"
    match field.default:
        case None:
            return "unset"
        case frozenset():
            return ", ".join(f"`{item}`" for item in sorted(field.default)) or "none"
        case timedelta():
            return f"`{field.default.total_seconds():.0f}`"
        case bool():
            return f"`{field.default:d}`"
        case float():
            return f"`{field.default:g}`"
        case other:
            return f"`{other}`"


if __name__ == "__main__":
    PAGE.write_text(page())
    sys.stdout.write(f"{PAGE.name} is written\n")
