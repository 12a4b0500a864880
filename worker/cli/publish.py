"""`scrip publish`: put messages on the intake."""

import time
from typing import Annotated

import typer

from worker.cli import installation
from worker.cli.lines import Lines, LinesFile, reading
from worker.cli.output import count, err, out, progress
from worker.ports import Broker, BrokerError

CHUNK_MESSAGES = 1_000
CHUNK_BYTES = 4_000_000
LOOK_EVERY = 0.1
"""Seconds between two looks at the intake while waiting for it to be empty."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(publish)


def publish(
    file: LinesFile,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until all messages have been taken.")
    ] = False,
) -> None:
    """Put messages on the intake, one from each line, as they are."""
    with installation.broker() as broker:
        with reading(file) as lines:
            _submit(lines, broker)
        if wait:
            _wait_until_empty(broker)


def _submit(lines: Lines, broker: Broker) -> None:
    sent, started = 0, time.monotonic()
    with progress("{task.fields[sent]:,} messages") as shown:
        task = shown.add_task("publishing", total=lines.size, sent=0)
        try:
            for chunk in lines.chunks(CHUNK_MESSAGES, CHUNK_BYTES):
                broker.submit(chunk)
                sent += len(chunk)
                shown.update(task, completed=lines.position, sent=sent)
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
