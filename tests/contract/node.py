"""Packages of npm for the tests that run other people's code; kept beside the tools of `dev`."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

CACHE = Path(__file__).resolve().parents[2] / ".venv-tools" / "node"
INSTALL = ("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent")


def node_with(package: str) -> Path:
    """A folder in which node finds the package; skips the test, with the reason, without one."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    folder = CACHE / package.strip("@").replace("/", "-")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # xdist's processes share the folder
        if not (folder / "done").exists():
            argv = [*INSTALL, "--prefix", str(folder), package]
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"npm cannot install {package}: {done.stderr.strip()[:200]}")
            (folder / "done").touch()
    return folder


def run_node(script: Path, folder: Path, *arguments: str, **environment: str) -> str:
    """What a script prints; it runs from a copy in the folder, where it finds its packages."""
    copy = folder / f"{os.getpid()}-{script.name}"  # others may be running theirs
    copy.write_text(script.read_text())
    argv = ["node", str(copy), *arguments]
    env = {"PATH": str(Path(shutil.which("node") or "node").parent), **environment}
    done = subprocess.run(argv, capture_output=True, text=True, env=env, check=False, timeout=60)
    copy.unlink()
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
