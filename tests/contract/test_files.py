"""`python -m worker.contract` writes what is stale, and releases nothing that breaks a promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.contract import files
from worker.contract.__main__ import main
from worker.contract.text import WIDTH, pretty

SCHEMA = "credit.grant.json"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without any files, in place of the real one."""
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    monkeypatch.setattr(files, "SCHEMAS", tmp_path / "schemas")
    monkeypatch.setattr(files, "RELEASED", tmp_path / "released")
    return tmp_path


def test_it_writes_what_is_stale(folder: Path) -> None:
    assert main([]) == 0
    assert files.stale() == []
    (folder / "schemas" / SCHEMA).write_text("{}")
    (folder / "schemas" / "credit.gone.json").write_text("{}")
    assert files.stale() == [
        "schemas/credit.grant.json is not what the code says",
        "schemas/credit.gone.json is of no type",
    ]
    assert main([]) == 0
    assert files.stale() == []


def test_a_release_is_what_later_ones_are_compared_with(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--release"]) == 0
    released = folder / "released" / SCHEMA
    text = released.read_text()
    released.write_text(text.replace('"memo"', '"memorandum"'))
    capsys.readouterr()
    assert main(["--release"]) == 1
    said = "breaks what was released: credit.grant data.memorandum: the field is gone"
    assert said in capsys.readouterr().err
    assert "memorandum" in released.read_text()


def test_another_argument_is_answered_with_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--relase"]) == 2
    assert "usage" in capsys.readouterr().err


def test_what_fits_on_a_line_stands_on_one() -> None:
    words = [f"word-{number}" for number in range(40)]
    text = pretty({"short": {"a": [1, {}]}, "long": words, "none": []})
    assert max(map(len, text.splitlines())) <= WIDTH
    assert '  "short": {"a": [1, {}]},\n' in text
    assert text.count("\n") == 11
