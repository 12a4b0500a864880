"""Making closings (`db/tables_closed.py`): a sum of entries that are there for good.

Nobody waits for it. What is made follows from the entries alone, so it may be made late, twice, or
by several at once.
"""

from collections.abc import Iterator

from sqlalchemy import Engine

from db.queries import statement
from domain.identity import NIL, Id128

FIND = statement("find_unclosed")
CLOSE = statement("close")

EVERY = 1_000
"""Entries between two closings of an account, and so what a look-up has to read of them at most."""

LOOKED_AT = 10_000
"""Accounts that one statement looks at."""


def unclosed(engine: Engine, every: int = EVERY, behind: Id128 = NIL) -> Iterator[Id128]:
    """The accounts behind an id that have a closing due, in order; reads all of them by key."""
    after: Id128 | None = behind
    while after is not None:
        asked = {"after": after, "count": LOOKED_AT, "every": every}
        with engine.connect() as connection:
            row = connection.exec_driver_sql(FIND.decode(), asked).one()
        after, due = row
        yield from due or ()


def close(engine: Engine, account: Id128, every: int = EVERY) -> bool:
    """Make the account's next closing; False when none is due, or another has just made it."""
    with engine.begin() as connection:
        found = connection.exec_driver_sql(CLOSE.decode(), {"account": account, "every": every})
        return bool(found.all())
