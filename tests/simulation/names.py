"""Business ids: which there are, and which are worth writing about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from random import Random

from domain.identity import AccountKey
from domain.kept import Hold, Writeoff
from domain.vocabulary import InvoiceStatus, Kind
from worker.memory.rows import AccountRows

LATEST = 20
SETTLED = (InvoiceStatus.VOID, InvoiceStatus.PAID)
USES = (Kind.APPLICATION, Kind.DEDUCTION)

Found = Mapping[str, Sequence[str]]


def look_up(rows: AccountRows) -> Found:
    """What a person finds, of the latest, who looks for something to act on."""
    invoices = [one for one in islice(reversed(rows.invoices.values()), LATEST) if one.is_known]
    kept = list(islice(reversed(rows.kept.values()), LATEST))
    grants = islice(reversed(rows.grants.values()), LATEST)
    return {
        "grants": [one.grant for one in grants if one.free > 0],
        "invoices": [one.invoice for one in invoices if one.status not in SETTLED],
        "owing": [one.invoice for one in invoices if one.due and one.status is InvoiceStatus.OPEN],
        "holds": [one.name for one in kept if isinstance(one, Hold) and one.is_open],
        "writeoffs": [o.name for o in kept if isinstance(o, Writeoff) and not o.is_reversed],
        "uses": [str(one.seq) for one in rows.entries[-LATEST:] if one.kind in USES],
    }


class Names:
    """The business ids of each account, by their letter: g1, g2, i1 and so on."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._made: Counter[tuple[AccountKey, str]] = Counter()

    def new(self, account: AccountKey, letter: str) -> str:
        """A new one, now and then one that is taken (R7)."""
        self._made[account, letter] += 1
        last = self._made[account, letter]
        return f"{letter}{last if self._random.random() < 0.95 else self._random.randint(1, last)}"

    def any(self, account: AccountKey, letter: str) -> str:
        """One of the latest, or one that has yet to come."""
        return f"{letter}{self._made[account, letter] + self._random.randint(-6, 2)}"
