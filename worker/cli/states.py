"""`scrip state` and `scrip simulate`: the same data, from the database or from a file."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from db.books import snapshot
from db.tables import accounts
from worker import settings, wiring_books
from worker.cli.installation import database
from worker.cli.instants import instant_option
from worker.cli.lines import Lines, LinesFile, reading
from worker.cli.output import Json, count, err, print_json, progress
from worker.cli.simulation import Simulation
from worker.cli.summary import print_summary
from worker.state import Data, state_of

BATCH_MESSAGES = 500
BATCH_BYTES = 4_000_000


class ClockOf(StrEnum):
    """What the simulation's clock follows."""

    EVENT = "event"
    NOW = "now"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(state)
    app.command()(simulate)


def state(as_json: Json = False) -> None:
    """Show the whole database: accounts, grants, ledger, invoices, outcomes, quarantine."""
    columns = "{task.completed:,} of {task.total:,} accounts"
    with database() as engine, snapshot(engine) as seen, progress(columns) as shown:
        books = shown.track(seen.books(), total=seen.count(accounts), description="reading")
        found = state_of(books, seen.quarantined(), seen.now)
    _print(found, as_json=as_json)


def simulate(
    file: LinesFile,
    as_json: Json = False,
    clock: Annotated[
        ClockOf, typer.Option(help="Decide each message at its own time, or all of them now.")
    ] = ClockOf.EVENT,
    until: Annotated[
        datetime | None, instant_option(help="Let time pass until then at the end.")
    ] = None,
) -> None:
    """Decide the messages of a file in memory, with the writer's own code; writes nothing."""
    decode = wiring_books.codec(settings.without_servers()).decode  # files carry no signatures
    with reading(file) as lines:
        if clock is ClockOf.NOW:
            simulation = Simulation(decode, datetime.now(UTC))
        else:
            simulation = Simulation(decode)
        _run(simulation, lines, clock)
    if until is not None:
        simulation.run_on(until)
    if simulation.ignored:
        err.print(f"ignored {count(simulation.ignored, 'message')}, as SCRIP_IGNORE_TYPES says")
    _print(simulation.state(), as_json=as_json)


def _run(simulation: Simulation, lines: Lines, clock: ClockOf) -> None:
    with progress("{task.fields[done]:,} messages") as shown:
        task = shown.add_task("deciding", total=lines.size, done=0)
        done = 0
        for chunk in lines.chunks(BATCH_MESSAGES, BATCH_BYTES):
            if clock is ClockOf.NOW:
                simulation.decide(chunk)
            else:
                for body in chunk:
                    simulation.follow(body)
            done += len(chunk)
            shown.update(task, completed=lines.position, done=done)


def _print(state: Data, *, as_json: bool) -> None:
    if as_json:
        print_json(state)
    else:
        print_summary(state)
