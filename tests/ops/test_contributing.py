"""The message kind that CONTRIBUTING.md adds is really added by what it shows."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = ("domain", "db", "worker", "tests")
PASSING = ("tests/spec", "tests/worker/test_codec.py")


def changes() -> dict[str, str]:
    """The body of the diff for each file."""
    (diff,) = re.findall(
        r"^```diff\n(.*?)^```$", (ROOT / "CONTRIBUTING.md").read_text(), re.M | re.S
    )
    parts = re.split(r"^--- \S+\n\+\+\+ (\S+)\n", diff, flags=re.M)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def apply(path: Path, change: str) -> None:
    """Put each group of new lines behind the line shown above it, wherever that one stands."""
    text = path.read_text() if path.exists() else ""
    for known, new in re.findall(r"((?:^ .*\n)?)((?:^\+.*\n)+)", change, re.M):
        added = re.sub(r"^\+", "", new, flags=re.M)
        anchor = known[1:]
        assert text.count(anchor) == 1 or not text, f"{path.name} has no single line {anchor!r}"
        text = text.replace(anchor, anchor + added) if text else added
    path.write_text(text)


def test_the_example_works_as_shown(tmp_path: Path) -> None:
    """A new kind is one file, one line, one spec and its cases."""
    for folder in FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, change in changes().items():
        apply(tmp_path / name, change)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *PASSING],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr
    assert (tmp_path / "tests/spec/test_clawbacks.py").exists()
