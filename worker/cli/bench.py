"""`scrip bench`: the benchmark, which comes with a checkout and not with what is installed."""

import os
import sys
from typing import Annotated

import typer

from worker.stack import ROOT

AS_THEY_ARE = {"ignore_unknown_options": True, "help_option_names": []}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(context_settings=AS_THEY_ARE)(bench)


def bench(
    options: Annotated[
        list[str] | None, typer.Argument(help="As `./dev bench` takes them; --help lists them.")
    ] = None,
) -> None:
    """Measure messages per second and milliseconds per message, on servers of its own."""
    if not (ROOT / "tests" / "benchmarks" / "__main__.py").exists():
        raise typer.BadParameter("the benchmark is part of a checkout: run `./dev bench` in one")
    found = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-m", "tests.benchmarks", *(options or ())]
    os.execve(sys.executable, command, {**os.environ, "PYTHONPATH": found})  # noqa: S606
