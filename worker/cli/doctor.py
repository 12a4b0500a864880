"""`scrip doctor`: what is wrong with the installation, and what to do about it."""

from collections.abc import Iterable

import typer
from rich.text import Text

from worker import settings
from worker.cli.doctor_broker import broker_checks
from worker.cli.doctor_database import database_checks
from worker.cli.findings import Finding, Level
from worker.cli.output import Json, count, out, plain, print_json

_STYLES = {Level.OK: "green", Level.WARNING: "yellow", Level.ERROR: "red"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(as_json: Json = False) -> None:
    """Say what is wrong and what to do; exit code 1 when something needs doing now."""
    chosen = settings.load()
    found = [*broker_checks(chosen), *database_checks(chosen)]
    worst = [finding for finding in found if finding.level is Level.ERROR]
    if as_json:
        print_json({"ok": not worst, "checks": [finding._asdict() for finding in found]})
    else:
        _print(found)
    if worst:
        raise typer.Exit(1)


def _print(found: Iterable[Finding]) -> None:
    levels = []
    for finding in found:
        levels.append(finding.level)
        line = Text(f"{finding.level:8}", style=_STYLES[finding.level])
        line.append(plain(f"{finding.subject}: {finding.words}"), style="default")
        out.print(line)
        if finding.advice:
            out.print(f"        -> {finding.advice}")
    errors, warnings = levels.count(Level.ERROR), levels.count(Level.WARNING)
    if errors or warnings:
        out.print(f"\n{count(errors, 'error')}, {count(warnings, 'warning')}")
    else:
        out.print("\nall is well")
