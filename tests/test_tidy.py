"""The house rules, each with what to do instead.

A rule that must give way somewhere has an entry in EXCEPTIONS with its reason; an entry that is no
longer needed fails too, so that the list only ever gets shorter.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("worker", "domain", "db", "tests")
FILE_LINES_MAX = 250
FUNCTION_LINES_MAX = 40
README_LINES_MAX = 80

EXCEPTIONS: dict[str, tuple[int, str]] = {}
"""`path` or `path::function` -> (lines allowed there, why)."""

BANNED_IN_CODE = (
    # folders, pattern over code without strings and comments, what to do instead
    (("domain",), r"\bdatetime\.(now|today|utcnow)\b", "take `now` as an argument"),
    (("domain",), r"\btime\.(time|monotonic|perf_counter)\b", "take `now` as an argument"),
    (("domain",), r"\buuid[1-7]\b", "derive ids from content"),
    (("domain",), r"\b(random|secrets)\b", "decisions have no chance in them"),
    (("domain",), r"\bfloat\(", "money is an integer of minor units"),
    (("domain", "db"), r"\bprint\(", "return the value; only worker/ talks to people"),
    (FOLDERS, r"\bpickle\b", "JSON: a message must never run code"),
)
BANNED_IN_TEXT = (
    (r"\b(TODO|FIXME)\b", "open an issue, or do it"),
    (r"(?<![\w.])/(root|home|Users|work|mnt)/\w", "no paths of one machine: relative to the root"),
)


@cache
def files() -> tuple[Path, ...]:
    """What is or would be committed; without git, what lies in the folders."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        found = [ROOT / name for name in done.stdout.split("\0") if name]
    else:
        found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    return tuple(path for path in sorted(set(found)) if path.is_file())


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def python_files() -> Iterator[Path]:
    return (path for path in files() if path.suffix == ".py" or name_of(path) == "dev")


def code_only(path: Path) -> dict[int, str]:
    """The file's code by line number, without strings, comments and white space."""
    lines: defaultdict[int, str] = defaultdict(str)
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type == tokenize.NAME:
            lines[token.start[0]] += f"{token.string} "
        elif token.type in {tokenize.OP, tokenize.NUMBER}:
            lines[token.start[0]] += token.string
    return {number: re.sub(r" (?=[.(])", "", line) for number, line in lines.items()}


def function_sizes(path: Path) -> Iterator[tuple[str, int]]:
    """Each function with its lines, the docstring aside."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            has_docstring = ast.get_docstring(node, clean=False) is not None
            docstring = (first.end_lineno or 0) - first.lineno + 1 if has_docstring else 0
            yield node.name, (node.end_lineno or 0) - node.lineno + 1 - docstring


def sizes() -> Iterator[tuple[str, int, int]]:
    """Everything with a size limit: its name, its lines, the limit."""
    for path in python_files():
        yield name_of(path), len(path.read_text().splitlines()), FILE_LINES_MAX
        for function, lines in function_sizes(path):
            yield f"{name_of(path)}::{function}", lines, FUNCTION_LINES_MAX
    for folder in FOLDERS:
        path = ROOT / folder / "README.md"
        if path.exists():
            yield name_of(path), len(path.read_text().splitlines()), README_LINES_MAX


def assert_none(offences: list[str]) -> None:
    assert not offences, "\n" + "\n".join(offences)


def test_files_functions_and_readmes_are_small() -> None:
    """What does not fit on a few screens is two things."""
    offences = []
    for name, lines, limit in sizes():
        allowed, _ = EXCEPTIONS.get(name, (limit, ""))
        if lines > allowed:
            offences.append(f"{name} has {lines} lines, {allowed} are allowed: split it by idea")
    assert_none(offences)


def test_exceptions_are_still_needed() -> None:
    """A ratchet: what has become small stays small."""
    largest: dict[str, tuple[int, int]] = {}
    for name, lines, limit in sizes():
        largest[name] = max(largest.get(name, (0, 0)), (lines, limit))
    offences = []
    for name, (allowed, _) in EXCEPTIONS.items():
        lines, limit = largest.get(name, (0, 0))
        if lines <= limit:
            offences.append(f"EXCEPTIONS: {name} needs no exception any more: remove it")
        elif lines < allowed:
            offences.append(f"EXCEPTIONS: {name} has shrunk: allow {lines} instead of {allowed}")
    assert_none(offences)


def test_nothing_banned_is_in_the_code() -> None:
    """The domain has no clock, no chance and no floats; nobody unpickles."""
    offences = []
    for path in python_files():
        rules = [
            rule
            for rule in BANNED_IN_CODE
            if name_of(path).startswith(tuple(f"{folder}/" for folder in rule[0]))
        ]
        for number, line in code_only(path).items():
            for _, pattern, instead in rules:
                if re.search(pattern, line):
                    offences.append(f"{name_of(path)}:{number}: {line}: {instead}")
    assert_none(offences)


def test_nothing_banned_is_in_any_text() -> None:
    """Loose ends and one machine's paths stay out of the repository."""
    offences = []
    for path in files():
        if path == Path(__file__) or path.suffix == ".lock":
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            for pattern, instead in BANNED_IN_TEXT:
                if re.search(pattern, line):
                    offences.append(f"{name_of(path)}:{number}: {line.strip()[:80]}: {instead}")
    assert_none(offences)


def test_every_folder_explains_itself() -> None:
    """One screen: what belongs here, what never does."""
    missing = [f for f in FOLDERS if not (ROOT / f / "README.md").exists()]
    assert_none([f"{folder}/README.md is missing: write one screen" for folder in missing])


def test_banned_tokens_are_found_where_they_count(tmp_path: Path) -> None:
    """The rules see code and not words about it."""
    path = tmp_path / "example.py"
    path.write_text('"""random float("""\nx = float (datetime . now())  # random\n')
    (line,) = code_only(path).values()
    hits = {instead for _, pattern, instead in BANNED_IN_CODE if re.search(pattern, line)}
    assert hits == {"take `now` as an argument", "money is an integer of minor units"}
