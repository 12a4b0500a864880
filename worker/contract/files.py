"""The contract's files in the repository: what they must hold, and whether they do."""

import json
from pathlib import Path

from worker.contract.asyncapi import asyncapi
from worker.contract.schemas import documents
from worker.contract.shapes import Schema
from worker.contract.text import pretty

FOLDER = Path(__file__).resolve().parent
SCHEMAS, RELEASED = FOLDER / "schemas", FOLDER / "released"


def wanted() -> dict[Path, str]:
    """Every generated file with its text."""
    schemas = {SCHEMAS / f"{kind}.json": pretty(schema) for kind, schema in documents().items()}
    return {**schemas, FOLDER / "asyncapi.json": pretty(asyncapi())}


def stale() -> list[str]:
    """What `python -m worker.contract` would change, a sentence each."""
    files, found = wanted(), set(SCHEMAS.glob("*.json"))
    differ = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    told = [f"{_name(path)} is not what the code says" for path in differ]
    return told + [f"{_name(path)} is of no type" for path in sorted(found - files.keys())]


def write() -> list[str]:
    """Make the files current; returns what was wrong."""
    told, files = stale(), wanted()
    for path in set(SCHEMAS.glob("*.json")) - files.keys():
        path.unlink()
    for path, text in files.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return told


def released() -> dict[str, Schema]:
    """The schemas of the last release, by type."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(RELEASED.glob("*.json"))}


def release() -> None:
    """Keep the present schemas as what has been promised."""
    RELEASED.mkdir(exist_ok=True)
    for path in SCHEMAS.glob("*.json"):
        (RELEASED / path.name).write_text(path.read_text())


def _name(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()
