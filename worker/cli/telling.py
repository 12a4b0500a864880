"""What a message has changed, as one sentence."""

from collections.abc import Iterator

from worker.cli.output import money
from worker.cli.story import CURRENCY, ledger_of
from worker.state import Data


def what_came(before: Data, after: Data) -> tuple[str, str]:
    """A colour and a sentence about the difference between two states."""
    if len(after["quarantined"]) > len(before["quarantined"]):
        known = [row["id"] for row in before["quarantined"]]
        reason = next(r["reason"] for r in after["quarantined"] if r["id"] not in known)
        return "yellow", f"in quarantine: {reason}"
    if _repeats(after) > _repeats(before):
        return "cyan", "a repeat: nothing changes"
    known = [row["id"] for row in before["outcomes"]]
    for outcome in after["outcomes"]:
        if outcome["id"] not in known and outcome["reason"]:
            return "yellow", f"refused: {outcome['reason']}"
    rows = ledger_of(after)[len(ledger_of(before)) :]
    available = money(after["accounts"][0]["available"], CURRENCY)
    told = "; ".join(part for row in rows for part in _parts(row, after))
    return "green", f"{told}; {available} available"


def _repeats(state: Data) -> int:
    return sum(row["repeats"] for row in state["outcomes"])


def _parts(row: Data, state: Data) -> Iterator[str]:
    amount = money(abs(row["amount"]), CURRENCY)
    yield _WORDS[row["kind"]].format(amount=amount, grants=_grants(row))
    if row["kind"] == "application":
        (due,) = (i["due"] for i in state["invoices"] if i["invoice"] == row["invoice"])
        yield f"{money(due, CURRENCY)} left to pay" if due else "nothing left to pay"


def _grants(row: Data) -> str:
    parts = (f"{part['grant']} {money(part['amount'], CURRENCY)}" for part in row["allocations"])
    return ", ".join(parts)


_WORDS = {
    "grant": "+{amount}",
    "application": "credit pays {amount} ({grants})",
    "deduction": "-{amount} ({grants})",
    "reversal": "+{amount} back ({grants})",
    "expiry": "-{amount} expired ({grants})",
}
