"""Accounts at hand: what a decider has written last need not be read again.

An account is kept as its last batch left it, with its open grants, beside the number of the
transaction that wrote its row. Every writer of an account writes that row, so under the account's
lock the row's `xmin` tells whether somebody else has been there since; then it is loaded anew.
"""

from collections.abc import Iterable
from typing import NamedTuple

from domain.account import Account
from domain.changes import Changes
from domain.identity import Id128

Xid = str
"""The number of a transaction, as PostgreSQL writes it."""


class Known(NamedTuple):
    """An account, and who wrote it."""

    account: Account
    written_by: Xid

    @property
    def room(self) -> int:
        """What it takes: one for itself, and one for each grant."""
        return 1 + len(self.account.grants)


class AtHand:
    """Of the accounts that were written last, as many as there is room for."""

    def __init__(self, room: int = 0) -> None:
        """`room` is how many accounts and grants may stay, counted together; 0 keeps nothing."""
        self._room, self._taken = room, 0
        self._known: dict[Id128, Known] = {}

    def take(self, ids: Iterable[Id128]) -> dict[Id128, Known]:
        """Those of some accounts that are at hand; a batch uses them up, and they are so no more.

        So nothing that was decided and not committed is ever seen again.
        """
        known = {}
        for account_id in ids:
            one = self._known.pop(account_id, None)
            if one is not None:
                known[account_id] = one
                self._taken -= one.room
        return known

    def keep(self, changes: Changes, written_by: Xid) -> None:
        """What a transaction has written and committed."""
        if not self._room:
            return
        for grant in changes.new_grants.values():
            grant.details = None  # written, and no rule reads it
        for account in changes.accounts.values():
            account.rest()
            known = self._known[account.id] = Known(account, written_by)
            self._taken += known.room
        while self._taken > self._room:
            self._taken -= self._known.pop(next(iter(self._known))).room

    def forget(self) -> None:
        """Whatever went wrong, the database knows better."""
        self._known.clear()
        self._taken = 0
