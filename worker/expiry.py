"""The expiry run: writes the rows for credit whose time is over, ends holds, tells what is ending.

What to do follows from the database alone, so a run that is missed, doubled or killed is
harmless, and nothing is ever spent because it runs late (R3).
"""

from datetime import timedelta

from domain.expiry import expire_batch
from domain.wanted import Wanted
from worker.ports import Store


def expire_due(store: Store, count: int = 200, notice: timedelta = timedelta(0)) -> int:
    """Do everything that is due, some accounts at a time; returns the number of entries.

    `notice` is how long before its end `grant.expiring` tells of a grant; 0 tells of none.
    """
    total = 0
    while accounts := store.accounts_due(count, notice):
        with store.transaction(None) as transaction:
            changes = expire_batch(transaction.gather(Wanted(accounts=accounts)), notice)
            transaction.save(changes, ())
        if not changes.accounts:
            break  # another run has been quicker on every one of them
        total += len(changes.entries)
    return total
