"""The connection that people's questions are asked on."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

_PATIENT = text("SET idle_in_transaction_session_timeout = 0")


@contextmanager
def session(engine: Engine) -> Iterator[Connection]:
    """What is read in one transaction stood there together; it locks nothing and cannot write.

    The limit that keeps a writer from holding locks would end a reader who is busy with much.
    """
    with engine.connect() as connection:
        connection.execute(_PATIENT)
        connection.commit()
        yield connection.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
