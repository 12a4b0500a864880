"""One grant in full: its terms, its line items, and every entry that touched it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import typer
from rich.table import Table
from sqlalchemy import Connection

from db.look_ups import entries_that_touch
from domain.credit import Grant
from domain.fields import rfc3339
from domain.kept import Amendment
from domain.ledger import Entry
from domain.vocabulary import SIGN
from worker.cli.grants_data import Lots, lots_data, went
from worker.cli.grants_whole import whole_data
from worker.cli.output import err, money, out, plain, print_json, table, when
from worker.state import Data, entry_data


def show_grant(connection: Connection, found: Iterable[Lots], name: str, *, as_json: bool) -> None:
    """The grants that were found under a name, each in full."""
    shown: list[Data] = []
    for lots in found:
        for grant in lots.grants:
            one = replace(lots, grants=[grant])
            touched = entries_that_touch(connection, lots.account.account_id, grant)
            shown.append(
                {
                    **lots_data(one)["grants"][0],
                    **whole_data(connection, lots.account, grant, touched),
                    "amendments": [
                        _amendment_data(change)
                        for change in lots.account.amendments
                        if change.grant == grant.grant
                    ],
                    "entries": list(map(_entry_data, touched)),
                }
            )
            if not as_json:
                _print_grant(one, shown[-1], touched)
    if not shown:
        err.print(plain(f"there is no grant {name}; without --grant you see all of them"))
        raise typer.Exit(1)
    if as_json:
        print_json(shown)


def _amendment_data(change: Amendment) -> Data:
    ends = {name: getattr(change, name) for name in ("expires_before", "expires_at")}
    return {
        **change._asdict(),
        **{name: rfc3339(instant) if instant else None for name, instant in ends.items()},
    }


def _entry_data(entry: Entry) -> Data:
    return {**entry_data(entry), "dated_at": rfc3339(entry.dated_at)}


def _print_grant(lots: Lots, data: Mapping[str, Any], touched: Sequence[Entry]) -> None:
    (grant,), (tenant, customer, currency) = lots.grants, lots.account.key
    state = grant.state(lots.now)
    out.print(plain(f"Grant {grant.grant} of {customer} ({tenant}): {state}"))
    gone = ", ".join(went(grant, currency))
    left = f"{money(grant.remaining, currency)} of {money(grant.amount, currency)} {currency} left"
    out.print(f"{left}{'; ' * bool(gone)}{gone}\n")
    out.print(table("", ("", " "), _terms(data), fold=(" ",)))
    changes = [change for change in lots.account.amendments if change.grant == grant.grant]
    if changes:
        out.print()
        out.print(_amendments(changes))
    if data["line_items"]:
        out.print()
        out.print(_line_items(data["line_items"], currency))
    out.print()
    out.print(_touches(grant, touched, currency))
    out.print()


def _terms(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    named = ("category", "priority", "effective_at", "expires_at", "external_id", "memo",
             "reference_number", "sent_at")  # fmt: skip
    for name in named:
        if data[name] is not None:
            yield name.removesuffix("_at").replace("_", " "), plain(data[name])
    if data["scope"]:
        yield "only for", plain(", ".join(data["scope"]))


def _amendments(changes: Iterable[Amendment]) -> Table:
    """What its terms were and became, the first change first."""
    rows = (
        (
            str(change.number),
            f"behind entry {change.seq}",
            _change(_end(change.expires_before), _end(change.expires_at)),
            _change(str(change.priority_before), str(change.priority)),
            plain(change.memo),
            plain(change.reference_number),
        )
        for change in changes
    )
    columns = ("", "when", "expires at", "priority", "new memo", "new reference number")
    return table("Amendments", columns, rows, right=("",), fold=("new memo",))


def _end(instant: datetime | None) -> str:
    return rfc3339(instant) if instant is not None else "never"


def _change(before: str, after: str) -> str:
    return f"{before} -> {after}" if before != after else ""


def _line_items(items: Iterable[Mapping[str, Any]], currency: str) -> Table:
    rows = (
        (
            plain(item["id"]),
            money(item["amount"], currency),
            plain(item.get("ledger_account")),
            plain(item.get("memo")),
        )
        for item in items
    )
    columns = ("item", "amount", "ledger account", "memo")
    return table("Line items", columns, rows, right=("amount",), fold=("item", "memo"))


def _touches(grant: Grant, touched: Iterable[Entry], currency: str) -> Table:
    rows, left = [], 0
    for entry in touched:
        amount = sum(a.amount for a in entry.allocations if a.grant == grant.grant)
        left += SIGN[entry.kind] * amount
        sign = "+" if SIGN[entry.kind] > 0 else "-"
        lines = (a.line for a in entry.allocations if a.grant == grant.grant and a.line)
        rows.append(
            (
                str(entry.seq),
                when(entry.dated_at),
                entry.kind,
                sign + money(amount, currency),
                money(left, currency),
                plain(entry.invoice),
                plain(", ".join(lines)),
                plain(entry.cause.id),
            )
        )
    columns = ("entry", "when (UTC)", "kind", "amount", "left", "invoice", "lines", "cause")
    numbers, wide = ("entry", "amount", "left"), ("invoice", "lines", "cause")
    return table("Entries that touched it", columns, rows, right=numbers, fold=wide)
