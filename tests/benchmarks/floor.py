"""The floor: what the database needs for the rows that scrip writes, and nothing else.

The same COPYs and statements over the same batches, taken down while the rules decide in memory and
played back on one connection: no parsing, no decisions, no locks, no lease, no broker, no relay.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Self, cast

from psycopg import Connection

from db.engine import engine_for
from db.gather import gather
from db.migrate import upgrade
from db.roles import WORKER
from db.rows import Row
from db.save import save
from domain.messages import Message
from domain.wanted import wanted
from worker.clock import SystemClock
from worker.codec import Codec
from worker.intake import Limits
from worker.memory.store import MemoryStore
from worker.ports import Delivery
from worker.process import process, read_batch
from worker.settings import Settings

DECIDERS = max(1, Settings.model_fields["deciders"].default)


@dataclass(slots=True)
class Copied:
    """Rows of one COPY."""

    sql: bytes
    rows: list[Row] = field(default_factory=list)

    def write_row(self, row: Row) -> None:
        self.rows.append(row)

    def play(self, connection: Connection[Any]) -> None:
        with connection.cursor() as cursor, cursor.copy(self.sql) as copy:
            for row in self.rows:
                copy.write_row(row)


class Tape:
    """Takes down what `db.save.save` does with a connection: COPYs, then a pipeline."""

    def __init__(self) -> None:
        self.copied: list[Copied] = []
        self.executed: list[tuple[bytes, Any, dict[str, bool]]] = []

    @contextmanager
    def cursor(self) -> Iterator[Self]:
        yield self

    @contextmanager
    def copy(self, sql: bytes) -> Iterator[Copied]:
        self.copied.append(Copied(sql))
        yield self.copied[-1]

    def pipeline(self) -> nullcontext[None]:
        return nullcontext()

    def execute(self, sql: bytes, parameters: Any, **options: bool) -> None:
        self.executed.append((sql, parameters, options))

    def play(self, connection: Connection[Any]) -> None:
        """Write it all; the caller commits."""
        for copied in self.copied:
            copied.play(connection)
        with connection.pipeline():
            for sql, parameters, options in self.executed:
                connection.execute(sql, parameters, **options)


class Floor:
    """A migrated database of its own, which is written a batch at a time."""

    def __init__(self, database_url: str) -> None:
        upgrade(database_url)
        self._engine = engine_for(database_url, pool_size=1, role=WORKER, by_index=True)
        self._pooled = self._engine.raw_connection()
        self.connection = cast("Connection[Any]", self._pooled.driver_connection)
        self._store = MemoryStore(SystemClock())

    def open_books(self, messages: Sequence[bytes]) -> None:
        """The opening grants; only they bring accounts, which are made on the way."""
        for batch, tape in self._taped(messages):
            gather(self.connection, wanted(batch), None, {})
            tape.play(self.connection)
            self.connection.commit()

    def per_second(self, messages: Sequence[bytes]) -> float:
        """Messages a second; deciding them comes before and does not count."""
        tapes = [tape for _, tape in self._taped(messages)]
        began = time.perf_counter()
        for tape in tapes:
            tape.play(self.connection)
            self.connection.commit()
        return len(messages) / (time.perf_counter() - began)

    def close(self) -> None:
        """Hang up."""
        self._pooled.close()
        self._engine.dispose()

    def _taped(self, messages: Sequence[bytes]) -> Iterator[tuple[list[Message], Tape]]:
        """Batches as large as a decider's in a full reading, each decided after the one before."""
        decode, size = Codec().decode, Limits().messages // DECIDERS
        for at in range(0, len(messages), size):
            raw = messages[at : at + size]
            batch = read_batch((Delivery("", body) for body in raw), decode)
            changes = process(batch, self._store, None)
            tape = Tape()
            save(cast("Connection[Any]", tape), changes, batch.aside)
            yield batch.messages, tape
