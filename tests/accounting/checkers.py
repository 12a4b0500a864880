"""The accountants' own programs, each as a process: nothing of theirs is imported or installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

WANTED = "beancount>=3,<4"


def hledger() -> str:
    """The program; the test is skipped where there is none."""
    found = shutil.which("hledger")
    if found is None:
        pytest.skip("there is no hledger here: apt-get install hledger")
    return found


def bean_check() -> str:
    """The program, from PyPI if need be, in an environment that goes when the tests end."""
    found = shutil.which("bean-check") or _fetched()
    if not Path(found).is_file():
        pytest.skip(f"there is no bean-check here, and {WANTED} cannot be fetched: {found}")
    return found


def run(*command: str) -> str:
    """What a program says when it is content; fails with what it complains of."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Removed when the process ends."""
    return tempfile.TemporaryDirectory(prefix="scrip-accounting-")


@cache
def _fetched() -> str:
    """The program's path, or why it could not be had."""
    folder = Path(_folder().name)
    for command in _steps(folder):
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    return str(folder / "bin" / "bean-check")


def _steps(folder: Path) -> Iterator[tuple[str, ...]]:
    uv, python = shutil.which("uv"), str(folder / "bin" / "python")
    if uv is not None:
        yield uv, "venv", "--quiet", str(folder)
        yield uv, "pip", "install", "--quiet", "--python", python, WANTED
    else:
        yield sys.executable, "-m", "venv", str(folder)
        yield python, "-m", "pip", "install", "--quiet", WANTED
