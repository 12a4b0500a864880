"""What can go wrong with the database, told apart by what the caller has to do."""


class StoreError(Exception):
    """The root of them."""


class Transient(StoreError):
    """Try the same batch again: lost connection, deadlock, timeout, a server that restarts."""


class OutcomeUnknown(Transient):
    """COMMIT went unanswered. Do not acknowledge: redelivery and the receipts will decide."""


class LeaseLost(StoreError):
    """Another reader holds the lease now: what this one was about to write has been refused."""


class Impossible(StoreError):
    """The database refused rows that the rules made: a bug. Split the batch until one is alone."""
