"""Back to the intake: submit first, then mark, both under the row's lock.

A crash between the two sends a message once more, and receipts make that harmless (R20). The lock
is there for messages that are still bad: the worker may set one aside again before we have marked
it, and then waits, so that `held` is what stays.

Messages go with the signatures that they came with, and these are checked again: to redrive is to
say when, and gives nobody's message a right that its sender does not have.
"""

from collections.abc import Sequence

from sqlalchemy import Engine

from db.set_aside import Handling, State, lock_sent, settle
from worker.cli.output import progress
from worker.ports import Broker

CHUNK = 50
"""Messages in one transaction: the worker waits for its locks, so it has to be short."""


def redrive_all(
    engine: Engine, intake: Broker, digests: Sequence[bytes], handling: Handling
) -> int:
    """Send messages again in the order given; returns how many there were."""
    sent = 0
    with progress("{task.completed:,} of {task.total:,} messages") as shown:
        task = shown.add_task("redriving", total=len(digests))
        for at in range(0, len(digests), CHUNK):
            sent += _redrive(engine, intake, digests[at : at + CHUNK], handling)
            shown.update(task, completed=min(at + CHUNK, len(digests)))
    return sent


def _redrive(engine: Engine, intake: Broker, digests: Sequence[bytes], handling: Handling) -> int:
    with engine.begin() as connection:
        sent = lock_sent(connection, digests)
        there = [digest for digest in digests if digest in sent]
        if there:
            again = [sent[digest] for digest in there]
            intake.submit([each.raw for each in again], [each.signature for each in again])
            settle(connection, there, State.REDRIVEN, handling)
        return len(there)
