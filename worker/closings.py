"""The closing run: says now and then what an account's entries came to, for those who look up.

What to do follows from the entries alone, so a run that is missed, doubled or killed is harmless:
look-ups read more, and say the same. It locks nothing, and no message waits for it.
"""

from sqlalchemy import Engine

from db.closings import EVERY, close, unclosed

EVERY_SECONDS = 300.0
"""Between two runs."""


def close_due(engine: Engine, count: int = 2_000, every: int = EVERY) -> int:
    """Make the closings that are due, each in a transaction; at most so many, and says how many.

    A ledger that was long before there were closings needs several runs.
    """
    made = 0
    for account in unclosed(engine, every):
        while made < count and close(engine, account, every):
            made += 1
        if made == count:
            break
    return made
