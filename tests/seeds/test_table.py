"""`worker/SEEDS.md` has every line of the four systems, and every test that it names is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.main import get_command

from worker.cli import app
from worker.cli.credits_words import REVERSED, STATES, TYPES

TESTS = Path(__file__).resolve().parent.parent
PAGE = TESTS.parent / "worker" / "SEEDS.md"

LINES = {"Vayu": 42, "Socotra": 30, "Invoiced": 17, "Layer": 25}
"""How many things each system's pages ask for."""


class Line(NamedTuple):
    """One row of the page."""

    system: str
    number: int
    asked: str
    here: str
    proofs: tuple[str, ...]


def lines() -> list[Line]:
    found, system = list[Line](), ""
    for text in PAGE.read_text().splitlines():
        if text.startswith("## "):
            system = text[3:].split(":")[0]
        elif re.match(r"\| \d", text):
            number, asked, here, proofs = (cell.strip() for cell in text.strip("|").split(" | "))
            named = tuple(re.findall(r"`([^`]+)`", proofs))
            found.append(Line(system, int(number), asked, here, named))
    return found


@cache
def named_in(module: str) -> frozenset[str]:
    path = TESTS / f"{module}.py"
    tree = ast.parse(path.read_text()) if path.exists() else ast.Module([], [])
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("system", LINES)
def test_no_line_is_missing(system: str) -> None:
    numbers = [line.number for line in lines() if line.system == system]
    assert numbers == list(range(1, LINES[system] + 1))


@pytest.mark.parametrize("line", lines(), ids=lambda line: f"{line.system}-{line.number}")
def test_what_a_line_names_is_there(line: Line) -> None:
    assert line.asked
    assert line.here
    assert line.proofs, "name a test that shows it"
    for proof in line.proofs:
        module, test = proof.split("::")
        assert test in named_in(module), f"there is no {test} in tests/{module}.py"


def test_the_commands_it_names_are_there() -> None:
    """And their options."""
    shown: Any = get_command(app)
    for command, rest in re.findall(r"`scrip (\w+)([^`]*)`", PAGE.read_text()):
        found = shown.commands[command]
        for word in rest.split():
            found = getattr(found, "commands", {}).get(word, found)
        options = {option for parameter in found.params for option in parameter.opts}
        assert set(re.findall(r"--[\w-]+", rest)) <= options, f"scrip {command}{rest}"


def test_its_words_are_those_of_the_command() -> None:
    """The table of types and states, and what `scrip credits` prints."""
    words = dict(re.findall(r"^\| (\w+), (\w+) \| an? entr", PAGE.read_text(), re.M))
    kinds = dict(re.findall(r"^\| (\w+), \w+ \| (an? entr.*) \|$", PAGE.read_text(), re.M))
    assert words == STATES
    assert {kind: [entry for entry, of in TYPES.items() if of == kind] for kind in STATES} == {
        kind: re.findall(r"`(\w+)`", text) for kind, text in kinds.items()
    }
    assert f"\n| {REVERSED} |" in PAGE.read_text()
