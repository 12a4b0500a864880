"""What the demo shows at its end: the ledger, the events, and what did not go through."""

from collections.abc import Iterator

from worker.cli.output import money, out, plain, table
from worker.cli.story import CURRENCY, ledger_of
from worker.state import Data

NEXT = """What to try next
  ./dev up                        run everything here and keep the data; in another terminal:
  ./dev scrip publish FILE        put messages on the intake, one JSON event per line
  ./dev scrip balance CUSTOMER    what a customer has, and from which grants
  ./dev scrip ledger CUSTOMER     every row, with its cause
  ./dev scrip verify              hold everything that is stored to its promises
  ./dev scrip simulate FILE       what would become of a file, without any server
"""


def print_epilogue(state: Data, events: list[Data]) -> None:
    """Tables, and where to go from here."""
    rows = [
        (
            str(row["seq"]),
            row["kind"],
            f"{'+' if row['amount'] > 0 else ''}{money(row['amount'], CURRENCY)}",
            money(row["balance"], CURRENCY),
            row["invoice"] or "",
            ", ".join(f"{a['grant']} {money(a['amount'], CURRENCY)}" for a in row["allocations"]),
            row["cause"]["id"].split("@")[0],
        )
        for row in ledger_of(state)
    ]
    columns = ("seq", "kind", "amount", "balance", "invoice", "grants", "cause")
    numbers = ("seq", "amount", "balance")
    out.print()
    out.print(table("The ledger", columns, rows, right=numbers, fold=("grants",)))
    out.print()
    out.print(table("The events", ("seq", "event", "says"), _told(events), fold=("says",)))
    refused = [
        (row["id"], row["type"], row["reason"]) for row in state["outcomes"] if row["reason"]
    ]
    aside = [(row["id"], plain(row["reason"])) for row in state["quarantined"]]
    out.print()
    out.print(table("Refused", ("message", "type", "why"), refused))
    out.print()
    out.print(table("In quarantine", ("message", "why"), aside, fold=("why",)))
    out.print()
    out.print(NEXT, end="")


def _told(events: list[Data]) -> Iterator[tuple[str, str, str]]:
    for event in events:
        data = event["data"]
        yield str(data.get("event_seq", "")), event["type"], _gist(data)


def _gist(data: Data) -> str:
    if "balance" in data:
        before, after = money(data["balance_before"], CURRENCY), money(data["balance"], CURRENCY)
        return f"{before} -> {after}, {money(data['available'], CURRENCY)} available"
    if "invoice" in data:
        applied, due = money(data["applied"], CURRENCY), money(data["due"], CURRENCY)
        return f"{data['invoice']}: {data['why']}, {applied} applied, {due} due"
    return plain(data["reason"])
