"""A decider: a process that settles what the reader hands to it, batch by batch.

Started by worker/deciders.py, and no command of its own. It ends when its parent does, and by no
signal to the whole group: what stops the parent in order must let it finish.
"""

import marshal
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import starmap
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread
from typing import Any

from db.errors import LeaseLost, Transient
from db.values import Lease
from worker import settings, wiring_books
from worker.codec import Decode
from worker.deciders import READY, SETTLED, SKIPPED, Frame
from worker.deciding import settle_deliveries
from worker.garbage import collect_rarely
from worker.log import set_up_logging
from worker.notes import Note
from worker.ports import BrokerError, Delivery, Store


class Decider:
    """Settles batches in order; after one that failed, none of the same generation."""

    def __init__(self, store: Store, decode: Decode) -> None:
        self._store, self._decode = store, decode
        self._failed = -1

    def answer(self, frame: Frame) -> tuple[str, Any]:
        """What became of a batch, and how many messages it ignored or what was wrong."""
        generation, fence, rows = frame
        if generation == self._failed:
            return SKIPPED, None
        lease = Lease(*fence) if fence else None
        try:
            ignored = settle_deliveries(
                list(starmap(Delivery, rows)), lease, self._store, self._decode
            )
        except (Transient, LeaseLost, BrokerError) as error:
            self._failed = generation
            return type(error).__name__, str(error)
        return SETTLED, ignored


def frames(connection: Connection) -> Iterator[Frame]:
    """What comes, taken off the socket at once so that the reader can go on; until it hangs up."""
    came: SimpleQueue[Frame | None] = SimpleQueue()

    def receive() -> None:
        try:
            while True:
                came.put(marshal.loads(connection.recv_bytes()))  # noqa: S302 - see deciders.py
        except (EOFError, OSError):
            came.put(None)

    Thread(target=receive, name="scrip-given", daemon=True).start()
    return iter(came.get, None)


def run(connection: Connection, notes: list[Note], decider: Decider) -> None:
    """Say that we are ready, then answer every batch, each with the notes that it has made."""
    with suppress(OSError):  # it has hung up
        connection.send_bytes(marshal.dumps((READY, None, notes)))
        for frame in frames(connection):
            answer = decider.answer(frame)
            connection.send_bytes(marshal.dumps((*answer, notes)))
            notes.clear()


def main(connection: Connection) -> None:
    """Decide for the reader at the other end."""
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, signal.SIG_IGN)
    chosen = settings.load()
    set_up_logging(chosen.log, chosen.log_level)
    collect_rarely()
    notes: list[Note] = []
    books = wiring_books.books(chosen, notes.extend)
    run(connection, notes, Decider(books, wiring_books.decoder(chosen)))


if __name__ == "__main__":
    main(Connection(int(sys.argv[1])))
