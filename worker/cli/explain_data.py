"""An explained entry as data, and as text."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from domain.fields import rfc3339
from domain.ledger import Entry
from domain.verbs import VERBS
from worker.cli.explain_bodies import asked
from worker.cli.explain_demand import Demand, demand_of
from worker.cli.explain_reasons import (
    KEY_WORDS,
    SPENDING,
    Candidate,
    Verdict,
    candidates,
    left_out,
)
from worker.cli.explain_replay import Case
from worker.cli.explain_words import parts_of, sentence_of
from worker.cli.output import count, money, out, plain, table
from worker.state import Data, entry_data

ALIKE_MAX = 10
"""More grants that were skipped for the same reason, or not reached, are counted only."""

ALWAYS_LISTED = (Verdict.USED, Verdict.PASSED_OVER)


@dataclass(frozen=True, slots=True)
class Explained:
    """An entry with everything that is told of it; nothing of it changes any more."""

    case: Case
    entry: Entry
    demand: Demand | None
    """What was to be paid; None for an entry that spends nothing."""
    candidates: Sequence[Candidate]
    left_out: int
    """How many grants that had nothing left are no candidates."""
    amended: Sequence[str]
    """Those of its grants that have got other terms since."""
    sentence: str


def explained(case: Case) -> Explained:
    """Look at an entry while its case is good."""
    entry = case.entry
    sentence = sentence_of(case)
    if entry.kind not in SPENDING:
        amended = sorted(case.amended & {lot.grant for lot in entry.allocations})
        return Explained(case, entry, None, (), 0, amended, sentence)
    demand = demand_of(case, entry)
    rows = candidates(case, entry, demand)
    amended = [row.grant for row in rows if row.grant in case.amended]
    return Explained(case, entry, demand, rows, left_out(case, rows), amended, sentence)


def explained_data(told: Explained) -> Data:
    """All of it, for programs."""
    entry, demand = told.entry, told.demand
    drafts = told.case.drafts
    return {
        **told.case.account.key._asdict(),
        **entry_data(entry),
        "now": rfc3339(entry.recorded_at),
        "t": rfc3339(entry.dated_at),
        "order": entry.order,
        "order_keys": list(told.case.profile.keys),
        "sentence": told.sentence,
        "asked": asked(entry) or None,
        "to_pay": _demand_data(demand) if demand else None,
        "candidates": [
            {**_candidate_data(row), "paid": [part._asdict() for part in row.paid]}
            for row in told.candidates
        ],
        "left_out": told.left_out,
        "amended_since": list(told.amended),
        "agrees": told.case.agrees,
        "decided_again": None
        if drafts is None
        else [
            {"kind": draft.kind, "allocations": [part._asdict() for part in draft.allocations]}
            for draft in drafts
        ],
    }


def _demand_data(demand: Demand) -> Data:
    wants = [want._asdict() for want in demand.wants]
    return {"amount": demand.limit, "wants": wants, "grant": demand.named}


def _candidate_data(row: Candidate) -> Data:
    names = ("grant", "priority", "had", "verdict", "words", "ahead_by")
    return {name: getattr(row, name) for name in names}


def print_explained(told: Explained) -> None:
    """All of it, for people."""
    entry, (tenant, customer, currency) = told.entry, told.case.account.key
    cause, t, now = entry.cause, rfc3339(entry.dated_at), rfc3339(entry.recorded_at)
    out.print(plain(f"Entry {entry.seq} of {customer} ({tenant}), {currency}: {told.sentence}"))
    out.print(plain(f"cause: {cause.type} {cause.id} from {cause.source}"))
    out.print(f"as of t {t}, decided at {now}")
    if told.demand is not None:
        keys = ", ".join(KEY_WORDS[key] for key in told.case.profile.keys)
        out.print(plain(f"order of use {entry.order}: {keys}"))
        if told.case.hold is not None:
            out.print(plain(f"captured from hold {told.case.hold.name}, lot by lot as it reserved"))
        for line in _demand_words(told):
            out.print(plain(line))
        out.print()
        out.print(_candidate_table(told))
        if told.amended:
            names = ", ".join(told.amended)
            out.print(plain(f"amended since then, so that `scrip grants` says otherwise: {names}"))
    out.print(plain(_check_words(told)))
    out.print()


def _demand_words(told: Explained) -> Iterator[str]:
    demand, currency = told.demand, told.case.account.key.currency
    assert demand is not None
    parts = (
        f"{want.line} {money(want.amount, currency)} ({want.product or 'no product'})"
        for want in demand.wants
        if want.line is not None
    )
    lines = "; ".join(parts)
    what = "sent" if demand.any_scope else "paid"
    yield f"to be {what}: {money(demand.limit, currency)}{': ' * bool(lines)}{lines}"
    said = asked(told.entry)
    if said:
        named = (f"{name} {_said(name, value, currency)}" for name, value in said.items())
        yield f"the message asks for {', '.join(named)}"
    if told.case.has_changed:
        yield "the invoice's amount or lines have changed since; what else was due is not known"


def _said(name: str, value: Any, currency: str) -> str:
    return money(value, currency) if name == "amount" else str(value)


def _candidate_table(told: Explained) -> Table:
    currency = told.case.account.key.currency
    shown, alike = _without_many_alike(told.candidates)
    rows = (
        (
            str(place),
            plain(row.grant),
            money(row.had, currency),
            str(row.priority),
            plain(row.words),
            KEY_WORDS[row.ahead_by] if row.ahead_by else "",
        )
        for place, row in shown
    )
    columns = ("", "grant", "had", "prio", "what came of it", "before the next by")
    folded = ("grant", "what came of it", "before the next by")
    made = table("Grants at that instant", columns, rows, right=("", "had", "prio"), fold=folded)
    made.caption, made.caption_justify = "\n".join(_left_out_words(alike, told.left_out)), "left"
    return made


def _left_out_words(alike: Counter[Verdict], gone: int) -> Iterator[str]:
    if alike:
        counted = ", ".join(f"{number:,} more {name}" for name, number in alike.items())
        yield f"and {counted.replace('_', ' ')}; --json has them all"
    if gone:
        yield f"{count(gone, 'more grant')} had nothing left"


def _without_many_alike(
    rows: Sequence[Candidate],
) -> tuple[list[tuple[int, Candidate]], Counter[Verdict]]:
    """The candidates to list, with their places, and how many more of which verdict there are."""
    seen, left_out = Counter[Verdict](), Counter[Verdict]()
    shown = []
    for place, row in enumerate(rows, 1):
        seen[row.verdict] += 1
        if row.verdict in ALWAYS_LISTED or seen[row.verdict] <= ALIKE_MAX:
            shown.append((place, row))
        else:
            left_out[row.verdict] += 1
    return shown, left_out


def _check_words(told: Explained) -> str:
    case = told.case
    if case.drafts is None and told.entry.cause.type in VERBS:
        return "it cannot be decided again, because its invoice has changed since"
    if case.drafts is None:
        return "it was decided with the sender's account; `scrip explain` there says why these lots"
    if case.agrees:
        return "decided again on the ledger before it, exactly this comes out"
    currency = case.account.key.currency
    again = "; ".join(
        f"{draft.kind} {parts_of(draft.allocations, currency)}" for draft in case.drafts
    )
    return (
        f"DIFFERENT: decided again on the ledger before it, this comes out: {again or 'nothing'}. "
        "The order was not kept, or the ledger was changed: run `scrip verify`"
    )
