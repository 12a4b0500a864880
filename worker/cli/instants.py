"""Instants on the command line."""

from datetime import UTC, datetime
from typing import Any

import typer


def instant_option(*names: str, help: str) -> Any:  # noqa: A002 - as typer has it
    """An option that takes an instant with an offset; none is ever guessed."""
    return typer.Option(*names, parser=_instant, metavar="INSTANT", help=help)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("an instant looks like 2026-03-01T00:00:00Z") from error
    if instant.tzinfo is None:
        raise typer.BadParameter(f"{text} needs an offset: {instant.isoformat()}Z would be UTC")
    return instant.astimezone(UTC)
