"""The closing run: says now and then what an account's entries came to, for those who look up.

What to do follows from the entries alone, so a run that is missed, doubled or killed is harmless:
look-ups read more, and say the same. No message waits for it.
"""

from itertools import chain
from uuid import uuid4

from sqlalchemy import Engine

from db.closings import EVERY, close, unclosed
from domain.identity import Id128

EVERY_SECONDS = 300.0
"""Between two runs."""


def close_due(
    engine: Engine, count: int = 5_000, every: int = EVERY, behind: Id128 | None = None
) -> int:
    """Make the closings that are due, each in a transaction; at most so many, and says how many.

    A ledger that was long before there were closings needs several runs. Each begins behind an id,
    by chance if none is given: where more falls due than one makes, no account is always last.
    """
    made, behind = 0, behind or uuid4().hex
    for account in chain(unclosed(engine, every, behind), unclosed(engine, every)):
        while made < count and close(engine, account, every):
            made += 1
        if made == count:
            break
    return made
