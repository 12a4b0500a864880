"""`scrip publish`: put messages on the intake."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import typer

from db.look_ups import settings_of
from worker.cli import installation
from worker.cli.lines import Lines, LinesFile, reading
from worker.cli.output import count, err, out, progress
from worker.mapped import Mapper, MappingError
from worker.mappings import MAPPINGS, Named
from worker.ports import Broker, BrokerError

CHUNK_MESSAGES = 1_000
CHUNK_BYTES = 4_000_000
LOOK_EVERY = 0.1
"""Seconds between two looks at the intake while waiting for it to be empty."""
_MAPPING = "The lines are objects of another system: make messages of them."


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(publish)


def publish(
    file: LinesFile,
    mapping: Annotated[Named | None, typer.Option(help=_MAPPING)] = None,
    tenant: Annotated[
        str | None, typer.Option(help="With --mapping: whose customers they are.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until all messages have been taken.")
    ] = False,
) -> None:
    """Put messages on the intake, one from each line, as they are."""
    if tenant is not None and mapping is None:
        raise typer.BadParameter("--tenant goes with --mapping: a CloudEvent names its own")
    mapper = _mapper(mapping, tenant or "default") if mapping is not None else None
    with installation.broker() as broker:
        with reading(file) as lines:
            _submit(lines, broker, mapper.message if mapper is not None else None)
        if mapper is not None and mapper.unnamed:
            named = f"{count(mapper.unnamed, 'line')} without an `id`, named by content"
            told = f"{named}: the same again, in any file, counts as a repeat"
            err.print(told, soft_wrap=True)
        if wait:
            _wait_until_empty(broker)


def _mapper(mapping: Named, tenant: str) -> Mapper:
    with installation.database() as engine, engine.connect() as connection:
        wanted = settings_of(connection, tenant)
    now = datetime.now(UTC)
    return Mapper(MAPPINGS[mapping], tenant, wanted.default_currency, wanted.units, now)


def _submit(
    lines: Lines, broker: Broker, made: Callable[[bytes, int], bytes] | None = None
) -> None:
    sent, started = 0, time.monotonic()
    with progress("{task.fields[sent]:,} messages") as shown:
        task = shown.add_task("publishing", total=lines.size, sent=0)
        try:
            for chunk in lines.chunks(CHUNK_MESSAGES, CHUNK_BYTES, made):
                broker.submit(chunk)
                sent += len(chunk)
                shown.update(task, completed=lines.position, sent=sent)
        except MappingError as error:
            raise MappingError(f"{error}. {_so_far(sent)}") from error
        except BrokerError as error:
            raise BrokerError(
                f"{error}; {count(sent, 'message')} of the file, and perhaps some more, came "
                "through. Publish it again: what has already come counts as a repeat"
            ) from error
        except KeyboardInterrupt:
            err.print(f"stopped after {count(sent, 'message')}; to publish them again is harmless")
            raise
    seconds = time.monotonic() - started
    rate = f" ({sent / seconds:,.0f}/s)" if sent and seconds > 0 else ""
    out.print(f"published {count(sent, 'message')} in {seconds:.1f} s{rate}")


def _so_far(sent: int) -> str:
    if not sent:
        return "Nothing was published"
    published = f"{count(sent, 'message')} before it {'was' if sent == 1 else 'were'} published"
    return f"{published}; mend the line and publish the file again, they count as repeats"


def _wait_until_empty(broker: Broker) -> None:
    left = first = broker.backlog()
    started = time.monotonic()
    with progress("{task.fields[left]:,} left") as shown:
        task = shown.add_task("waiting", total=first, left=left)
        try:
            while left:
                time.sleep(LOOK_EVERY)
                left = broker.backlog()
                shown.update(task, completed=max(0, first - left), left=left)
        except KeyboardInterrupt:
            err.print(f"{count(left, 'message')} still on the intake; nothing is lost")
            raise
    out.print(f"the intake is empty after {time.monotonic() - started:.1f} s")
