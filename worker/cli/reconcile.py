"""`scrip reconcile`: where credit came from and where it went, down to a difference of zero."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from db.books import snapshot
from db.look_ups import By, Period, balances, decimals_of, moved, remaining
from domain.fields import rfc3339
from domain.money import major_units
from worker.accounting.reconciling import Line, Part, Summary, summaries
from worker.cli.export import BY, FROM, TO
from worker.cli.installation import database
from worker.cli.instants import instant_option
from worker.cli.output import Json, err, out, plain, print_json, table
from worker.state import Data

_WORDS = {
    Line.ISSUED: "issued",
    Line.RETURNED: "returned",
    Line.APPLIED: "applied to invoices",
    Line.DEDUCTED: "deducted",
    Line.EXPIRED: "expired",
    Line.VOIDED: "voided",
    Line.MOVED_IN: "from other customers",
    Line.MOVED_OUT: "to other customers",
    Line.WRITEOFF_GRANTED: "written off: credit",
    Line.WRITEOFF_APPLIED: "written off: applied",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(reconcile)


def reconcile(
    tenant: Annotated[str, typer.Option(help="Whose credit.")] = "default",
    customer: Annotated[str | None, typer.Option(help="Only this customer's.")] = None,
    currency: Annotated[str | None, typer.Option(help="Only in this currency.")] = None,
    first: Annotated[datetime | None, instant_option("--from", help=FROM)] = None,
    end: Annotated[datetime | None, instant_option("--to", help=TO)] = None,
    by: Annotated[By, typer.Option(help=BY)] = By.RECORDED,
    as_json: Json = False,
) -> None:
    """Show that opening + what came - what went = closing; exit code 1 when it does not.

    Per currency and category, by the entries, by what grants have left, and by the balances. What
    the entries of a long ledger came to is taken from its closings, which `scrip verify` adds up
    again; --by dated reads every entry.
    """
    if first is not None and end is not None and end < first:
        raise typer.BadParameter("--to must not be earlier than --from")
    period = Period(tenant, customer, currency, first, end, by)
    with database() as engine, snapshot(engine) as seen:
        standing = balances(seen, period)
        found = summaries(moved(seen, period), remaining(seen, period), standing)
        decimals = decimals_of(seen, tenant)
    if not found:
        err.print(plain(f"{tenant} has no credit here{_of(period)}: is it another --tenant's?"))
        raise typer.Exit(1)
    if as_json:
        print_json(_data(period, found, decimals))
    else:
        for one in found:
            _print(period, one, decimals[one.currency])
        wrong = [one.currency for one in found if not one.is_clean]
        failed = f"{', '.join(wrong)} does not come to zero; see `scrip verify`"
        out.print(plain(f"reconcile: {failed}" if wrong else "reconcile: clean"))
    if not all(one.is_clean for one in found):
        raise typer.Exit(1)


def _of(period: Period) -> str:
    named = (
        period.customer and f" of {period.customer}",
        period.currency and f" in {period.currency}",
    )
    return "".join(name for name in named if name)


def _print(period: Period, one: Summary, decimals: int) -> None:
    edges = [
        f"{word} {rfc3339(edge)}"
        for word, edge in (("from", period.first), ("before", period.end))
        if edge is not None
    ]
    when = " ".join(edges) or "from the beginning until now"
    whose = f"{period.customer} ({period.tenant})" if period.customer else period.tenant
    out.print(plain(f"{when}, by {period.by}_at"))  # a title would be as narrow as its table
    out.print(_table(plain(f"{whose}, {one.currency}"), one, decimals))
    out.print()


def _table(title: str, one: Summary, decimals: int) -> Table:
    total = one.total
    columns = [*one.parts.values(), total]

    def row(name: str, *amounts: int | None) -> tuple[str, ...]:
        return (name, *("" if a is None else major_units(a, decimals) for a in amounts))

    nothing = [None] * len(one.parts)
    rows = [
        row("opening", *(part.opening for part in columns)),
        *(row(f"  {_WORDS[line]}", *(part.lines[line] for part in columns)) for line in Line),
        row("closing", *(part.closing for part in columns)),
        row("by what grants have left", *(part.by_grants for part in columns)),
        row("difference", *(part.difference for part in columns)),
        row("opening by balances", *nothing, one.opening_by_balances),
        row("difference", *nothing, total.opening - one.opening_by_balances),
        row("closing by balances", *nothing, one.closing_by_balances),
        row("difference", *nothing, total.closing - one.closing_by_balances),
    ]
    names = ["", *one.parts, "total"]
    return table(title, names, rows, right=names[1:])


def _data(period: Period, found: list[Summary], decimals: Mapping[str, int]) -> Data:
    return {
        "tenant": period.tenant,
        "customer": period.customer,
        "from": rfc3339(period.first) if period.first is not None else None,
        "to": rfc3339(period.end) if period.end is not None else None,
        "by": period.by,
        "clean": all(one.is_clean for one in found),
        "currencies": [
            {
                "currency": one.currency,
                "decimals": decimals[one.currency],
                "categories": {name: _part_data(part) for name, part in one.parts.items()},
                "total": _part_data(one.total),
                "opening_by_balances": one.opening_by_balances,
                "closing_by_balances": one.closing_by_balances,
                "differences": one.differences,
            }
            for one in found
        ],
    }


def _part_data(part: Part) -> Data:
    return {
        "opening": part.opening,
        **{line.value: part.lines[line] for line in Line},
        "closing": part.closing,
        "by_grants": part.by_grants,
    }
