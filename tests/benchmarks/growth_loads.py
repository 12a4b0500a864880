"""What `./dev bench growth` sends, and the pasts that it begins with."""

from __future__ import annotations

import bisect
import itertools
import json
import random
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import psycopg

from domain.decision import Instants
from tests.benchmarks import workload
from tests.benchmarks.history import Past, load
from tests.benchmarks.history_account import Life
from tests.benchmarks.history_rows import Unwritten, store
from tests.benchmarks.workload import TENANT

PORTION = 1_000_000
"""Entries that are loaded at once, with a prefix of their own."""
EACH = 100
"""Entries of an ordinary account."""
OPENING_GRANTS = 3

Names = Callable[[int], str]
"""The customer behind a number."""

_CUSTOMER = re.compile(rb'"customer":"cus_(\d+)"')


def portions(entries: int) -> list[Past]:
    """A past of this size in portions; that of a larger size begins with the same ones."""
    sizes = [PORTION] * (entries // PORTION) + [entries % PORTION] * (entries % PORTION > 0)
    return [
        Past(
            entries=size,
            accounts=-(-size // EACH),
            tenant=TENANT,
            prefix=f"p{number:02d}" if size == PORTION else f"p{number:02d}of{size}",
            seed=number + 1,
        )
        for number, size in enumerate(sizes)
    ]


def grow(database_url: str, pasts: Iterable[Past], tell: Callable[[str], object]) -> None:
    """Load what is not there yet."""
    for past in pasts:
        if not _is_there(database_url, past):
            load(database_url, past, tell=tell)


def ordinary(accounts: int) -> Names:
    """The customers of an installation without a past."""
    return lambda number: f"cus_{number % accounts}"


def drawn_from(pasts: Sequence[Past], seed: int, accounts: int) -> Names:
    """Customers with a past, drawn from all of them alike."""
    total, chance = sum(past.accounts for past in pasts), random.Random(seed)
    drawn = chance.sample(range(total), min(accounts, total))
    ends = list(itertools.accumulate(past.accounts for past in pasts))

    def name(number: int) -> str:
        number = drawn[number % len(drawn)]
        which = bisect.bisect_right(ends, number)
        return _customer(pasts[which], number - ends[which] + pasts[which].accounts)

    return name


def with_share(customer: str, share: int, others: Names) -> Names:
    """One customer has a part of all messages: the `share`-th."""
    return lambda number: customer if number % share == 0 else others(number)


def opening_grants(accounts: int, seed: int) -> list[bytes]:
    """For the customers of an installation without a past."""
    return workload.make(0, accounts=accounts, grants=OPENING_GRANTS, seed=seed).setup


class Load:
    """Messages that are new to every installation; the same for all, but for whose they are."""

    def __init__(self, messages: int, seed: int, accounts: int) -> None:
        made = workload.make(messages, accounts=accounts, grants=0, seed=seed)
        self._messages, self._tag = made.messages, f"{seed:x}".encode()

    def messages(self, first: int, end: int | None, names: Names) -> list[bytes]:
        """Some of them."""
        return list(self._renamed(self._messages[first:end], names))

    def _renamed(self, messages: Iterable[bytes], names: Names) -> Iterator[bytes]:
        # And invoices: an installation that is used again has seen those of another run.
        tag = b'"invoice":"' + self._tag
        for message in messages:
            named = message.replace(b'"invoice":"inv', tag)
            yield _CUSTOMER.sub(lambda m: f'"customer":"{names(int(m[1]))}"'.encode(), named)


def long_invoices(count: int, lines: int, names: Names) -> list[bytes]:
    """Invoices of many lines, each line with a product of its own, and credit for all of it."""
    now, run = datetime.now(UTC).isoformat(), uuid.uuid4().hex
    items = [{"id": f"l{n}", "product": f"p{n}", "amount": 7} for n in range(lines)]
    messages = []
    for number in range(count):
        whose = {"tenant": TENANT, "customer": names(number), "currency": "USD"}
        grant = {**whose, "amount": 7 * lines}
        invoice = {**whose, "invoice": f"{run}-{number}", "amount_due": 7 * lines, "lines": items}
        for kind, data in (("credit.grant", grant), ("invoice.created", invoice)):
            event = {"specversion": "1.0", "id": f"{run}-{number}-{kind}", "source": "/bench"}
            event |= {"type": kind, "time": now}
            messages.append(json.dumps({**event, "data": data}).encode())
    return messages


class _Hoarder(Life):
    """An account that is only ever given credit."""

    def turn(self, now: datetime, to: Unwritten) -> None:
        self._account.decided_at = now
        self._grant(1_000 + int(self._chance() * 9_000), to)


def hoarder(database_url: str, grants: int) -> str:
    """A customer with so many open grants, stored at once if it is not there."""
    past = Past(entries=grants, accounts=1, tenant=TENANT, prefix=f"hoard{grants}")
    if _is_there(database_url, past):
        return _customer(past, 0)
    now = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    life, to = _Hoarder(past.key(0), grants, random.Random(1).random), Unwritten(Instants(now, now))
    while not life.is_over:
        life.turn(now, to)
    life.end(to)
    with psycopg.connect(database_url) as connection:
        store(connection, to)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
    return _customer(past, 0)


def _is_there(database_url: str, past: Past) -> bool:
    found = "SELECT 1 FROM accounts WHERE tenant = %s AND customer = ANY(%s)"
    names = [past.hot.customer, _customer(past, 0)]
    with psycopg.connect(database_url) as connection:
        return connection.execute(found, (past.tenant, names)).fetchone() is not None


def _customer(past: Past, number: int) -> str:
    return past.key(number).customer
