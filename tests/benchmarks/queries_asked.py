"""What `./dev bench queries` asks: the look-ups of the command line, each at a place of chance."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from sqlalchemy import Connection

from db.books import Snapshot
from db.look_ups import (
    CREDITS,
    Period,
    Wanted,
    balances,
    clock,
    count_grants,
    credits_of,
    entries_at,
    entries_that_touch,
    grants_called,
    grants_with,
    holdings,
    invoices_called,
    moved,
    open_parts,
    page,
    receipts_called,
    remaining,
    rows_of,
    span_of,
    with_grants,
    writeoffs_of,
)
from domain.identity import AccountKey
from domain.order import PROFILES
from domain.vocabulary import Kind
from worker.cli.balance_at import standing_of
from worker.cli.explain import explanations
from worker.cli.grants_data import Choice, lots_of
from worker.cli.statement_read import Asked, read_statement

PAGE = 50
_DAY = timedelta(days=1)
_ORDER = PROFILES["standard"]

Ask = Callable[[Connection], object]


@dataclass(frozen=True)
class Question:
    """A look-up, as the command line asks it; its answer is read to the end and thrown away."""

    name: str
    ask: Ask


class Asking:
    """The questions about one account, which has at least a few hundred entries."""

    def __init__(self, connection: Connection, key: AccountKey) -> None:
        self.key, self._chance = key, random.Random(1)
        self._now = clock(connection)
        (self._account,) = holdings(connection, key.tenant, key.customer, key.currency)
        self._grants = sorted(with_grants(connection, self._account).grants, key=lambda g: g.seq)
        self._invoices = self._some_invoices(connection)

    def all(self) -> Iterator[Question]:
        """Every one of them."""
        yield from self._of_the_account()
        yield from self._of_the_ledger()
        yield from self._of_single_things()
        yield from self._of_credits()
        yield from self._over_all_of_it()

    def _of_the_account(self) -> Iterator[Question]:
        key, one = self.key, self._account
        yield Question("customer", lambda c: holdings(c, key.tenant, key.customer, None))
        yield Question(
            "balance", lambda c: (open_parts(c, one), count_grants(c, one.account_id, one.seq))
        )
        for days in (1, 30, 180, 360):
            yield Question(f"balance --at, {days} days ago", self._standing(days))
        yield Question("balance --at, in a year", self._standing(-365))
        yield Question("grants", lambda c: lots_of(c, one, _ORDER, self._now, Choice()))
        everything = Choice(every=True)
        yield Question("grants --all", lambda c: lots_of(c, one, _ORDER, self._now, everything))

    def _of_the_ledger(self) -> Iterator[Question]:
        yield self._page("ledger, first page", Wanted)
        yield self._page("ledger, a page in the middle", lambda: Wanted(before=self._seq()))
        yield self._page("ledger, last page", lambda: Wanted(before=PAGE + 1))
        yield self._page("ledger --oldest-first", Wanted, oldest_first=True)
        yield self._page("ledger --from --to, 2 days", self._two_days)
        yield self._page("ledger --invoice", lambda: Wanted(invoice=self._invoice()))
        yield self._page("ledger --reference", lambda: Wanted(reference=self._reference()))
        for kind in (Kind.APPLICATION, Kind.DEDUCTION, Kind.GRANT, Kind.VOID, Kind.TRANSFER_IN):
            yield self._page(f"ledger --type {kind}", self._kind(kind))
        yield self._page("ledger --tag channel=web", lambda: Wanted(tag=("channel", "web")))
        yield self._page(
            "ledger --tag origin (the oldest row)", lambda: Wanted(tag=("origin", None))
        )
        yield self._page("ledger --tag of nobody", lambda: Wanted(tag=("nobody", None)))
        yield self._page(
            "ledger --type void --tag channel --from --to",
            lambda: Wanted(kinds=(Kind.VOID,), tag=("channel", None), since=self._two_days().since),
        )
        yield Question("ledger --format, 10,000 rows", self._export)

    def _of_single_things(self) -> Iterator[Question]:
        identity = self._account.account_id
        yield Question("grants --grant, a new one", self._touching(lambda: -1))
        yield Question("grants --grant, the oldest", self._touching(lambda: 0))
        yield Question(
            "grants --reference",
            lambda c: with_grants(c, self._account, grants_with(c, identity, self._reference())),
        )
        yield Question("invoice --customer", lambda c: self._bill(c, [identity]))
        yield Question("invoice, of whomever", lambda c: self._bill(c, None))
        yield Question("explain, an entry", lambda c: self._explained(c, [self._seq()]))
        yield Question("explain --invoice", self._explained_bill)
        yield Question(
            "explain --message",
            lambda c: receipts_called(c, [identity], f"msg-{self._seq():010d}"),
        )
        yield Question(
            "explain --message --source",
            lambda c: receipts_called(c, [identity], f"msg-{self._seq():010d}", "/billing"),
        )

    def _of_credits(self) -> Iterator[Question]:
        one, identity = self._account, self._account.account_id
        yield Question("credits", self._credits(0))
        yield Question(
            "credits --offset, 100,000 or half", self._credits(min(100_000, one.seq // 2))
        )
        yield Question("credits --invoice", self._credits_of_invoice)
        yield Question("writeoffs", lambda c: writeoffs_of(c, identity, count=PAGE))

    def _over_all_of_it(self) -> Iterator[Question]:
        month = Period(
            self.key.tenant, self.key.customer, None, self._now - 60 * _DAY, self._now - 30 * _DAY
        )
        for days in (30, 365):
            yield Question(f"statement --from {days} days ago", self._statement(days))
        yield Question("reconcile --customer, a month", lambda c: _summary(Snapshot(c), month))

    def _page(
        self, name: str, wanted: Callable[[], Wanted], *, oldest_first: bool = False
    ) -> Question:
        identity = self._account.account_id
        return Question(
            name,
            lambda c: page(c, span_of(c, identity, wanted()), PAGE, oldest_first=oldest_first),
        )

    def _kind(self, kind: Kind) -> Callable[[], Wanted]:
        return lambda: Wanted(kinds=(kind,), before=self._seq())

    def _standing(self, days: int) -> Ask:
        at = self._now - days * _DAY
        return lambda c: standing_of(c, self._account, at, self._now)

    def _statement(self, days: int) -> Ask:
        asked = Asked(self._now - days * _DAY, self._now)
        return lambda c: read_statement(c, self._account, _ORDER, asked, self._now)

    def _credits(self, offset: int) -> Ask:
        identity, wanted = self._account.account_id, Wanted(kinds=CREDITS)
        return lambda c: credits_of(c, span_of(c, identity, wanted), offset, PAGE)

    def _touching(self, which: Callable[[], int]) -> Ask:
        def ask(connection: Connection) -> object:
            identity, grant = self._account.account_id, self._grants[which()]
            found = with_grants(
                connection, self._account, grants_called(connection, identity, grant.grant)
            )
            return [entries_that_touch(connection, identity, one) for one in found.grants]

        return ask

    def _bill(self, connection: Connection, among: list[str] | None) -> object:
        found = invoices_called(connection, self._invoice(), among, self.key.tenant)
        return [entries_at(connection, b.account.account_id, b.invoice.entries) for b in found[:1]]

    def _explained(self, connection: Connection, seqs: Collection[int]) -> object:
        return list(explanations(connection, self._account, seqs))

    def _explained_bill(self, connection: Connection) -> object:
        (bill,) = invoices_called(connection, self._invoice(), [self._account.account_id])
        return self._explained(connection, bill.invoice.entries)

    def _credits_of_invoice(self, connection: Connection) -> object:
        wanted = Wanted(kinds=CREDITS, invoice=self._invoice())
        span = span_of(connection, self._account.account_id, wanted)
        return credits_of(connection, span, 0, PAGE)

    def _export(self, connection: Connection) -> object:
        span = span_of(connection, self._account.account_id, Wanted(before=self._seq()))
        return sum(1 for _ in islice(rows_of(connection, span), 10_000))

    def _seq(self) -> int:
        return self._chance.randrange(PAGE + 1, self._account.seq + 1)

    def _invoice(self) -> str:
        return self._chance.choice(self._invoices)

    def _reference(self) -> str:
        return f"po-{self._chance.randrange(self._account.seq // 50)}"

    def _two_days(self) -> Wanted:
        since = self._now - self._chance.random() * 300 * _DAY - 10 * _DAY
        return Wanted(since=since, until=since + 2 * _DAY)

    def _some_invoices(self, connection: Connection) -> list[str]:
        seqs = {self._seq() for _ in range(500)}
        found = entries_at(connection, self._account.account_id, seqs)
        return [entry.invoice for entry in found if entry.invoice is not None]


def _summary(seen: Snapshot, period: Period) -> object:
    return list(moved(seen, period)), remaining(seen, period), balances(seen, period)
