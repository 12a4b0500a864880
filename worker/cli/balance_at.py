"""`scrip balance --at`: what a customer had, or will have if nothing else happens."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from rich.table import Table
from sqlalchemy import Connection

from db.look_ups import Wanted, closing_by, moved_since, span_of, touched_parts, went_by
from domain.books import Books
from domain.fields import rfc3339
from worker.cli.at_instant import Earlier, Later, Standing, Then, groups, standing
from worker.cli.output import money, out, plain, table
from worker.state import Data
from worker.statement.account import Gone, what_became

INSTANT = timedelta(microseconds=1)
"""No two instants of the database lie closer together."""

_AMOUNTS = ("available", "balance", "held", "pending")


def standing_of(connection: Connection, account: Books, at: datetime, now: datetime) -> Standing:
    """Read what it takes, and work it out."""
    then = then_of(connection, account, newest_by(connection, account, at))
    books = touched_parts(
        connection,
        account,
        grants_named=then.became,
        invoices_named=(),
        seqs=(then.seq, then.seq),
    )
    return standing(books, then, at, now)


def newest_by(connection: Connection, account: Books, at: datetime) -> int:
    """The newest entry that had been recorded by an instant; 0 for none."""
    return span_of(connection, account.account_id, Wanted(since=at + INSTANT)).first - 1


def then_of(connection: Connection, account: Books, seq: int, named: Iterable[str] = ()) -> Then:
    """What had become of grants by an entry, these among them.

    Reads the entries behind it or those since the closing before it, whichever are fewer.
    """
    one, newest = account.account_id, account.seq
    closed = closing_by(connection, one, seq)
    if newest - seq <= seq - closed.seq:
        return Later(seq, what_became(moved_since(connection, one, seq + 1, newest)))
    moves = moved_since(connection, one, closed.seq + 1, seq)
    touched = (grant for grant, _, _ in moves)
    went = went_by(connection, one, {*named, *closed.open_grants, *touched}, closed.seq)
    return Earlier(seq, what_became(moves, (Gone(lot.grant, *lot[2:]) for lot in went)))


def standing_data(account: Books, found: Standing) -> Data:
    """For programs; amounts in minor units."""
    return {
        **account.key._asdict(),
        "at": rfc3339(found.at),
        "seq": found.seq,
        **_amounts(found),
        "held_at_most": found.is_most_held,
        "in_transit": 0,
        "expired_unwritten": found.expired,
        "by": [
            {"scope": list(part.grants[0].scope), "category": part.grants[0].category}
            | _amounts(part)
            for part in groups(found)
        ],
        "grants": [
            {
                "grant": grant.grant,
                "remaining": grant.remaining,
                "held": grant.held,
                "state": grant.state(found.at),
                "expires_at": rfc3339(grant.expires_at) if grant.expires_at else None,
                "priority": grant.priority,
            }
            for grant in sorted(found.grants, key=lambda grant: grant.grant)
        ],
    }


def _amounts(found: Standing) -> Data:
    return {name: getattr(found, name) for name in _AMOUNTS}


def print_standing(account: Books, found: Standing, now: datetime) -> None:
    """For people: available first, and why the balance is more."""
    tenant, customer, currency = account.key
    has = "had" if found.at < now else "will have"
    available = f"{money(found.available, currency)} {currency} available"
    supposed = "" if found.at < now else ", if nothing else happens"
    out.print(plain(f"{customer} ({tenant}) {has} {available} at {rfc3339(found.at)}{supposed}"))
    parts = " and ".join(_parts(found, currency))
    why = f", of which {parts}" if parts else ""
    out.print(f"balance {money(found.balance, currency)}{why}")
    out.print("in transit 0: a transfer arrives in the transaction that sends it")
    if found.expired:
        told = "had expired" if found.at < now else "will have expired"
        amount = money(found.expired, currency)
        out.print(f"{amount} {told} by then; entry {found.seq} and those before it still count it")
    if found.grants:
        out.print()
        out.print(_table(found, currency))
    out.print()


def _parts(found: Standing, currency: str) -> Iterator[str]:
    """Why less is available than the balance says."""
    if found.held:
        most = " at most" if found.is_most_held else ""
        yield f"{money(found.held, currency)} held{most}"
    if found.pending:
        yield f"{money(found.pending, currency)} not yet effective"


def _table(found: Standing, currency: str) -> Table:
    rows = (
        (
            plain(", ".join(part.grants[0].scope) or "anything"),
            part.grants[0].category,
            *(money(amount, currency) for amount in _amounts(part).values()),
            plain(", ".join(sorted(grant.grant for grant in part.grants))),
        )
        for part in groups(found)
    )
    columns = ("for", "category", "available", "balance", "held", "not yet effective", "grants")
    right = ("available", "balance", "held", "not yet effective")
    return table("By scope and category", columns, rows, right=right, fold=("for", "grants"))
