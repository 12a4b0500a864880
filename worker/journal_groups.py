"""Accounts that have to be decided again together, because credit moves between them (R18)."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from domain.identity import Id128

AnyAccount = TypeVar("AnyAccount")


class Groups(Generic[AnyAccount]):
    """Collects the accounts of a group until it is complete; most accounts are alone.

    In memory are the ids of accounts with transfers, and the books of incomplete groups.
    """

    def __init__(self, tied: Iterable[tuple[Id128, Id128]]) -> None:
        self._up: dict[Id128, Id128] = {}
        for one, other in tied:
            self._up[self._root(one)] = self._root(other)
        self._sizes = Counter(self._root(account) for account in {*self._up, *self._up.values()})
        self._waiting: dict[Id128, list[AnyAccount]] = {}

    def add(self, account_id: Id128, account: AnyAccount) -> Iterator[list[AnyAccount]]:
        """The account's group, if it is complete now."""
        root = self._root(account_id)
        group = self._waiting.setdefault(root, [])
        group.append(account)
        if len(group) >= self._sizes[root]:
            yield self._waiting.pop(root)

    def left(self) -> Iterator[list[AnyAccount]]:
        """Groups some of whose accounts do not exist."""
        while self._waiting:
            yield self._waiting.popitem()[1]

    def _root(self, account_id: Id128) -> Id128:
        while (up := self._up.get(account_id, account_id)) != account_id:
            self._up[account_id] = self._up.get(up, up)  # half the way for whoever asks next
            account_id = self._up[account_id]
        return account_id
