"""A state in words and tables, for people who want to see how things stand."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from rich.table import Table

from worker.cli.output import count, money, out, plain, table
from worker.state import Data

ROWS_MAX = 20
_NUMBERS = ("balance", "available", "grants", "entries", "accounts", "applied", "refused",
            "repeats", "conflicts", "messages")  # fmt: skip


def print_summary(state: Data) -> None:
    """Accounts and totals, what became of the messages, and what is set aside."""
    accounts, outcomes = state["accounts"], state["outcomes"]
    if not accounts and not state["quarantined"]:
        out.print("nothing here yet: publish some messages first")
        return
    _print_totals(accounts)
    _print_accounts(accounts)
    _print_outcomes(outcomes)
    refusals = Counter(row["reason"] for row in outcomes if row["reason"])
    _print_reasons("Refused, and why", refusals, {})
    examples = {row["reason"]: row["id"] for row in reversed(state["quarantined"])}
    reasons = Counter(row["reason"] for row in state["quarantined"])
    _print_reasons("In quarantine, and why", reasons, examples)


def _print_totals(accounts: Iterable[Data]) -> None:
    totals: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for account in accounts:
        totals[account["currency"]].update(
            accounts=1,
            balance=account["balance"],
            available=account["available"],
            grants=len(account["grants"]),
            entries=len(account["ledger"]),
        )
    columns = ("currency", "accounts", "available", "balance", "grants", "entries")
    rows = (
        (
            plain(currency),
            f"{total['accounts']:,}",
            money(total["available"], currency),
            money(total["balance"], currency),
            f"{total['grants']:,}",
            f"{total['entries']:,}",
        )
        for currency, total in sorted(totals.items())
    )
    _show(table("Totals", columns, rows, right=_NUMBERS))


def _print_accounts(accounts: list[Data]) -> None:
    columns = ("tenant", "customer", "available", "balance", "currency", "grants", "entries")
    rows = (
        (
            plain(account["tenant"]),
            plain(account["customer"]),
            money(account["available"], account["currency"]),
            money(account["balance"], account["currency"]),
            plain(account["currency"]),
            f"{len(account['grants']):,}",
            f"{len(account['ledger']):,}",
        )
        for account in accounts[:ROWS_MAX]
    )
    shown = table("Accounts", columns, rows, right=_NUMBERS, fold=("tenant", "customer"))
    _show(shown, len(accounts), "account")


def _print_outcomes(outcomes: Iterable[Data]) -> None:
    by_type: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in outcomes:
        counts = {row["outcome"]: 1, "repeats": row["repeats"], "conflicts": row["conflicts"]}
        by_type[row["type"]].update(counts)
    columns = ("applied", "refused", "repeats", "conflicts")
    rows = (
        (plain(kind), *(f"{seen[name]:,}" for name in columns))
        for kind, seen in sorted(by_type.items())
    )
    _show(table("Messages", ("type", *columns), rows, right=_NUMBERS))


def _print_reasons(title: str, reasons: Counter[str], examples: Mapping[str, str | None]) -> None:
    columns = ("messages", "reason", "such as")
    rows = (
        (f"{number:,}", plain(reason), plain(examples.get(reason)))
        for reason, number in reasons.most_common(ROWS_MAX)
    )
    shown = table(title, columns, rows, right=_NUMBERS, fold=("reason", "such as"))
    _show(shown, len(reasons), "reason")


def _show(shown: Table, rows: int = 0, one: str = "") -> None:
    """A table that is not empty, how many rows it leaves out, and a free line."""
    if shown.row_count:
        out.print(shown)
        if rows > ROWS_MAX:
            out.print(f"... and {count(rows - ROWS_MAX, f'more {one}')}; --json has them all")
        out.print()
