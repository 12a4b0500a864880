"""`scrip schemas`: what may be sent, what comes out, and the closed lists of words."""

from collections.abc import Iterable
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Any

import typer

from domain.vocabulary import GrantState, InvoiceStatus, Kind, Outcome, Refusal, Why
from worker.cli.output import Json, err, out, print_json, table
from worker.contract.asyncapi import asyncapi
from worker.contract.schemas import catalogue, document, documents
from worker.contract.text import pretty

ASYNCAPI = "asyncapi"

LISTS: dict[str, tuple[str, type[StrEnum]]] = {
    "outcomes": ("what became of a message", Outcome),
    "refusals": ("why a message is refused, in order of precedence", Refusal),
    "kinds": ("what a ledger entry is", Kind),
    "whys": ("why an invoice has the credit that it has", Why),
    "grant_states": ("what a grant is at an instant", GrantState),
    "invoice_statuses": ("where an invoice stands", InvoiceStatus),
}
"""The closed lists. They are extended at their end only."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(schemas)


def schemas(
    name: Annotated[
        str | None, typer.Argument(help="A type, to see its JSON Schema; or asyncapi.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the message types, the events and the closed lists, or print one schema."""
    if name is not None:
        typer.echo(pretty(_named(name)), nl=False)
    elif as_json:
        print_json(_everything())
    else:
        _print_overview()


def _named(name: str) -> dict[str, Any]:
    """The document of this name; says what there is and exits when there is none."""
    if name == ASYNCAPI:
        return asyncapi()
    known = [*documents(), ASYNCAPI]
    if name in known:
        return document(name)
    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else ", and `scrip schemas` lists what there is"
    err.print(f"there is no schema {name}{hint}")
    raise typer.Exit(1)


def _everything() -> dict[str, Any]:
    found = catalogue()
    return {
        "messages": {kind: document(kind) for kind in found.accepted},
        "events": {kind: document(kind) for kind in found.published},
        "lists": {name: list(words) for name, (_, words) in LISTS.items()},
    }


def _print_overview() -> None:
    found = catalogue()
    described = {kind: schema["description"] for kind, schema in found.accepted.items()}
    _print_rows("Messages in", described.items())
    _print_rows("Events out", ((k, s["description"]) for k, s in found.published.items()))
    lists = ((f"{name}: {about}", ", ".join(words)) for name, (about, words) in LISTS.items())
    for title, words in lists:
        out.print(f"{title}\n  {words}")
    out.print("\n`scrip schemas credit.grant` prints a JSON Schema, `scrip schemas asyncapi` all.")


def _print_rows(title: str, rows: Iterable[tuple[str, str]]) -> None:
    out.print(table(title, ("type", "what it is"), list(rows), fold=("what it is",)))
    out.print()
