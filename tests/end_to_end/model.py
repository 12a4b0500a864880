"""What must come of messages: decided in order on plain numbers, each with the change it brings.

It shares no code with scrip. It knows credit without scope or expiry, where the balance alone
decides; which grants are used is checked elsewhere, from the ledger.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any


class Model:
    """The customers of one tenant and currency; a key seen before changes nothing."""

    def __init__(self) -> None:
        self.balances: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.keys: set[tuple[str, str, str]] = set()
        self.ledger: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
        self._applied: dict[tuple[str, str], int] = {}

    def take_all(self, messages: Iterable[bytes]) -> Model:
        """Decide messages in order."""
        for message in messages:
            self.take(json.loads(message))
        return self

    def take(self, message: dict[str, Any]) -> None:
        """Decide one message."""
        data = message["data"]
        customer = data["customer"]
        key = (customer, message["source"], message["id"])
        if key in self.keys:
            self.counts["repeats"] += 1
            return
        self.keys.add(key)
        change = self._change(message["type"], customer, data)
        self.balances[customer] += change
        if change:
            self.ledger[customer].append((message["id"], change))

    def _change(self, kind: str, customer: str, data: dict[str, Any]) -> int:
        balance = self.balances[customer]
        self.counts[kind] += 1
        if kind == "credit.grant":
            return int(data["amount"])
        if kind == "invoice.created":
            used = min(balance, int(data["amount_due"]))
            self._applied[customer, data["invoice"]] = used
            return -used
        if kind == "invoice.voided":
            return self._applied.pop((customer, data["invoice"]), 0)
        assert kind == "credit.deduct", kind
        if balance < data["amount"]:
            self.counts["refused"] += 1
            return 0
        return -int(data["amount"])
