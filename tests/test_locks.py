"""pyproject.toml, uv.lock and requirements.lock say the same; `./dev lock` makes them so."""

from __future__ import annotations

import re
import tomllib
from itertools import product
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PUBLIC = ("https://pypi.org/", "https://files.pythonhosted.org/")
PIN = re.compile(r"^([\w.-]+)==([^\s;\\]+)")
HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / name).read_text())


def declared() -> dict[str, set[Requirement]]:
    """What pyproject.toml asks for: "" at run time, then by extra and by group."""
    project = read("pyproject.toml")
    named = {
        "": project["project"]["dependencies"],
        **project["project"]["optional-dependencies"],
        **project["dependency-groups"],
    }
    return {name: {normal(Requirement(text)) for text in texts} for name, texts in named.items()}


def normal(requirement: Requirement) -> Requirement:
    requirement.name = canonicalize_name(requirement.name)
    return requirement


def resolved_from() -> dict[str, set[Requirement]]:
    """What uv.lock was resolved from, in the same form."""
    own = next(p for p in read("uv.lock")["package"] if p["name"] == "scrip")
    found: dict[str, set[Requirement]] = {}
    for row in own["metadata"]["requires-dist"]:
        marker = re.search(r"extra == '([\w-]+)'", row.get("marker", ""))
        found.setdefault(marker[1] if marker else "", set()).add(requirement_of(row))
    for group, rows in own["metadata"]["requires-dev"].items():
        found[group] = {requirement_of(row) for row in rows}
    return found


def requirement_of(row: dict[str, Any]) -> Requirement:
    extras = f"[{','.join(row['extras'])}]" if row.get("extras") else ""
    return Requirement(f"{row['name']}{extras}{row.get('specifier', '')}")


def pinned() -> dict[tuple[str, str], set[str]]:
    """requirements.lock: (name, version) -> hashes."""
    pins: dict[tuple[str, str], set[str]] = {}
    for block in re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text()):
        if match := PIN.match(block):
            pins[match[1], match[2]] = set(HASH.findall(block))
    return pins


def locked() -> dict[tuple[str, str], set[str]]:
    """uv.lock in the same form."""
    packages = (p for p in read("uv.lock")["package"] if p["name"] != "scrip")
    return {(p["name"], p["version"]): {f["hash"] for f in files_of(p)} for p in packages}


def files_of(package: dict[str, Any]) -> list[dict[str, Any]]:
    sources = [package["sdist"]] if "sdist" in package else []
    return [*sources, *package.get("wheels", [])]


def test_uv_lock_was_resolved_from_pyproject() -> None:
    """After a change of dependencies: ./dev lock."""
    assert resolved_from() == declared()


def test_requirements_lock_is_exported_from_uv_lock() -> None:
    """The plain-pip way installs the same files as uv, by hash."""
    assert pinned() == locked()


def test_locks_name_public_hosts_only() -> None:
    """A lock written against a mirror would work on one machine only."""
    urls = re.findall(r"\b\w+://[^\s\"']+", (ROOT / "uv.lock").read_text())
    assert [url for url in urls if not url.startswith(PUBLIC)] == []
    assert "://" not in (ROOT / "requirements.lock").read_text()


def test_every_supported_python_has_wheels() -> None:
    """A fresh machine has no compiler: each package is pure or built for it."""
    packages = [p for p in read("uv.lock")["package"] if p["name"] != "scrip"]
    pythons, machines = ("cp311", "cp312", "cp313", "cp314"), ("x86_64", "aarch64")
    missing = [
        f"{package['name']} for {python} on Linux {machine}"
        for package, python, machine in product(packages, pythons, machines)
        if not any(fits(wheel["url"], python, machine) for wheel in package.get("wheels", []))
    ]
    assert missing == []


def fits(url: str, python: str, machine: str) -> bool:
    """Whether a wheel's tags suit this CPython on glibc Linux."""
    tag, abi, platform = url.removesuffix(".whl").split("-")[-3:]
    stable = abi == "abi3" and int(tag.removeprefix("cp3")) <= int(python.removeprefix("cp3"))
    right_python = "py3" in tag.split(".") or (tag, abi) == (python, python) or stable
    return right_python and (platform == "any" or ("linux" in platform and machine in platform))
