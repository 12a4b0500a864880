"""The expiry run: writes the rows for credit whose time is over.

What to do follows from the database alone, so a run that is missed, doubled or killed is
harmless, and nothing is ever spent because it runs late (R3).
"""

from domain.batch import expire_batch
from domain.wanted import Wanted
from worker.ports import Store


def expire_due(store: Store, count: int = 200) -> int:
    """Expire everything that is due, some accounts at a time; returns the number of entries."""
    total = 0
    while accounts := store.accounts_due(count):
        with store.transaction(None) as transaction:
            changes = expire_batch(transaction.gather(Wanted(accounts=accounts)))
            transaction.save(changes, ())
        if not changes.entries:
            break  # another run has been quicker on every one of them
        total += len(changes.entries)
    return total
