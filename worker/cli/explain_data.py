"""An explained entry as data, and as text."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.table import Table

from domain.account import Allocation
from domain.deductions import DeductCredit
from domain.expiry import TYPE as EXPIRY_TYPE
from domain.fields import rfc3339
from domain.ledger import Entry
from domain.vocabulary import Kind
from worker.cli.explain_reasons import (
    KEY_WORDS,
    SPENDING,
    Candidate,
    Demand,
    Verdict,
    candidates,
    demand_of,
)
from worker.cli.explain_replay import Case
from worker.cli.output import money, out, plain, table
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
    sentence: str


def explained(case: Case, entry: Entry) -> Explained:
    """Look at an entry while its case is good."""
    sentence = _sentence(case, entry)
    if entry.kind not in SPENDING:
        return Explained(case, entry, None, (), sentence)
    demand = demand_of(case, entry)
    return Explained(case, entry, demand, candidates(case, entry, demand), sentence)


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
        "to_pay": _demand_data(demand) if demand else None,
        "candidates": [
            {**_candidate_data(row), "paid": [part._asdict() for part in row.paid]}
            for row in told.candidates
        ],
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
        for line in _demand_words(told):
            out.print(plain(line))
        out.print()
        out.print(_candidate_table(told))
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
    yield f"to be paid: {money(demand.limit, currency)}{': ' * bool(lines)}{lines}"
    body = told.case.body
    if isinstance(body, DeductCredit) and (body.product or body.grant):
        named = f"grant {body.grant}" if body.grant else f"product {body.product}"
        yield f"the ledger keeps only what was taken; it fits a message that names {named}"


def _candidate_table(told: Explained) -> Table:
    currency = told.case.account.key.currency
    shown, left_out = _without_many_alike(told.candidates)
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
    if left_out:
        counted = ", ".join(f"{number:,} more {name}" for name, number in left_out.items())
        made.caption = f"and {counted.replace('_', ' ')}; --json has them all"
        made.caption_justify = "left"
    return made


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
    if case.drafts is None:
        return f"a {told.entry.cause.type} cannot be decided again from the ledger alone"
    if case.agrees:
        return "decided again on the ledger before it, exactly this comes out"
    currency = case.account.key.currency
    again = "; ".join(
        f"{draft.kind} {_parts(draft.allocations, currency)}" for draft in case.drafts
    )
    return (
        f"DIFFERENT: decided again on the ledger before it, this comes out: {again or 'nothing'}. "
        "Terms that changed since explain it, or the order was not kept: run `scrip verify`"
    )


def _sentence(case: Case, entry: Entry) -> str:
    currency = case.account.key.currency
    amount, parts = money(abs(entry.amount), currency), _parts(entry.allocations, currency)
    on = f" on invoice {entry.invoice}" if entry.invoice else ""
    reversed_ = ", ".join(map(str, entry.reverses))
    if entry.kind in (Kind.EXPIRY, Kind.VOID) and len(case.entries) > 1:
        gone = "had expired" if entry.kind is Kind.EXPIRY else "was void"
        return f"{amount} went at once, because the grant it came back to {gone}: {parts}"
    match entry.kind:
        case Kind.APPLICATION:
            return f"{amount} of credit applied{on}"
        case Kind.DEDUCTION:
            return f"{amount} deducted"
        case Kind.REVERSAL:
            return (
                f"{amount} of entry {reversed_} given back{on}, in exactly the reverse order of "
                f"use, to the grants it came from: {parts}"
            )
        case Kind.EXPIRY if entry.cause.type == EXPIRY_TYPE:
            return f"{amount} expired, all that was left when the grant's time was over: {parts}"
        case Kind.GRANT:
            return f"{amount} came in as grant {entry.allocations[0].grant}"
        case _:
            return f"{entry.kind} of {amount}{on}: {parts}"


def _parts(allocations: Iterable[Allocation], currency: str) -> str:
    return ", ".join(
        f"{grant}{f' for {line}' if line else ''} {money(amount, currency)}"
        for grant, line, amount in allocations
    )
