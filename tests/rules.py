"""Which specs, laws and modules stand behind each rule: writes `tests/RULES.md` from what they say.

    python -m tests.rules

A spec or a law stands behind the rules that its docstrings name, any other module behind those that
it names anywhere.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.rule_names import EXCEPTIONS, PROMISES, RULES

ROOT = Path(__file__).resolve().parent.parent
PAGE = Path(__file__).with_name("RULES.md")

CODE = ("domain", "db", "worker")
TESTS = ROOT / "tests"
COLUMNS = ("spec", "law", "other tests", "code")

_HEAD = """\
<!-- Written by `python -m tests.rules` from what the code and its tests say. Do not edit. -->
# Rules and promises, and what stands behind them

`voids` under spec is `tests/spec/test_voids.py`, and under law `tests/laws/test_voids.py`;
`reference` is the second implementation in `tests/reference`, which decides the same random
messages. Specs and laws are listed when one of their docstrings names the rule, other tests and
code when anything in them does.
Where nothing can stand, the reason stands in italics.

"""
_NAME = re.compile(r"\b([RI])([1-9][0-9]?)(?:-\1([1-9][0-9]?))?\b")


class Behind(NamedTuple):
    """What stands behind one rule or promise: short names, by the columns of the table."""

    rule: str
    meaning: str
    found: dict[str, tuple[str, ...]]


def behind() -> list[Behind]:
    """One row for each rule, then for each promise."""
    return [
        Behind(
            rule,
            meaning,
            {
                "spec": _naming(rule, "tests/spec"),
                "law": _naming(rule, "tests/laws") + _folders(rule, ["reference"]),
                "other tests": _folders(rule, _other_folders()),
                "code": tuple(name for folder in CODE for name in _naming(rule, folder)),
            },
        )
        for rule, meaning in (RULES | PROMISES).items()
    ]


def page() -> str:
    """The text of RULES.md."""
    head = f"| | what it says | {' | '.join(COLUMNS)} |\n|---|---|{'---|' * len(COLUMNS)}\n"
    return _HEAD + head + "".join(map(_line, behind()))


def rules_named(text: str) -> set[str]:
    """The rules in a text; `I3-I5` names three."""
    return {
        f"{kind}{number}"
        for kind, first, last in _NAME.findall(text)
        for number in range(int(first), int(last or first) + 1)
    }


def unknown() -> list[str]:
    """Rules that a test or a module names, and that there are not."""
    known = RULES.keys() | PROMISES.keys()
    folders = (*CODE, "tests/spec", "tests/laws")
    return sorted(
        f"{path.relative_to(ROOT).as_posix()}: {rule}"
        for folder in folders
        for path in _modules(folder)
        for rule in _named_in(path) - known
    )


def _line(row: Behind) -> str:
    cells = (", ".join(row.found[name]) or _reason(row.rule, name) for name in COLUMNS)
    return f"| {row.rule} | {row.meaning} | {' | '.join(cells)} |\n"


def _reason(rule: str, column: str) -> str:
    reason = EXCEPTIONS.get((rule, column))
    return f"*{reason}*" if reason else ""


def _naming(rule: str, folder: str) -> tuple[str, ...]:
    return tuple(_short(path, folder) for path in _modules(folder) if rule in _named_in(path))


def _folders(rule: str, folders: Iterable[str]) -> tuple[str, ...]:
    return tuple(folder for folder in folders if _naming(rule, f"tests/{folder}"))


@cache
def _other_folders() -> list[str]:
    named = {"spec", "laws", "reference"}
    found = (path.name for path in TESTS.iterdir() if any(path.glob("*.py")))
    return sorted(name for name in found if name not in named)


def _short(path: Path, folder: str) -> str:
    if folder in CODE:
        return f"`{path.relative_to(ROOT).as_posix()}`"
    return path.stem.removeprefix("test_")


@cache
def _modules(folder: str) -> tuple[Path, ...]:
    paths = sorted((ROOT / folder).rglob("*.py"))
    return tuple(path for path in paths if "migrations" not in path.parts)


@cache
def _named_in(path: Path) -> frozenset[str]:
    text = path.read_text()
    if path.parent in {TESTS / "spec", TESTS / "laws"}:
        text = "\n".join(_docstrings(text))
    return frozenset(rules_named(text))


def _docstrings(text: str) -> Iterator[str]:
    """Those of a file of tests and of its functions."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.Module):
            yield ast.get_docstring(node) or ""


def main() -> int:
    """Write the table; exit code 0."""
    PAGE.write_text(page())
    print(f"wrote {PAGE.relative_to(ROOT).as_posix()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
