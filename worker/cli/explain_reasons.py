"""Why an entry used these grants: each candidate in the order of use, with what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.credit import Allocation, Grant
from domain.fields import rfc3339
from domain.kept import Hold, is_lot_of_writeoff
from domain.ledger import Entry
from domain.order import Profile
from domain.vocabulary import GrantState, Kind
from worker.cli.explain_demand import Demand
from worker.cli.explain_replay import Case
from worker.cli.output import money

SPENDING = (Kind.APPLICATION, Kind.DEDUCTION, Kind.TRANSFER_OUT)

LISTED_MAX = 1_000
"""Of accounts that had had more grants, those with nothing left are counted and not listed."""

KEY_WORDS = {
    "priority": "lower priority number",
    "expiry": "sooner expiry",
    "promotional_first": "promotional before paid",
    "effective": "effective earlier",
    "scoped_first": "scoped before unscoped",
    "fewest_products": "fewer products in scope",
    "larger_first": "larger amount",
    "seq": "came earlier",
    "id": "grant id",
}


class Verdict(StrEnum):
    """What came of a grant when an entry was decided."""

    USED = "used"
    VOIDED = "voided"
    EXPIRED = "expired"
    NOTHING_LEFT = "nothing_left"
    HELD = "held"
    NOT_YET_EFFECTIVE = "not_yet_effective"
    NOT_NAMED = "not_named"
    NOT_REACHED = "not_reached"
    OUT_OF_SCOPE = "out_of_scope"
    PASSED_OVER = "passed_over"
    """It could have paid: the order was not kept, or something is told nowhere in the ledger."""


_BY_STATE = {
    GrantState.VOIDED: Verdict.VOIDED,
    GrantState.EXPIRED: Verdict.EXPIRED,
    GrantState.DEPLETED: Verdict.NOTHING_LEFT,
    GrantState.PENDING: Verdict.NOT_YET_EFFECTIVE,
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A grant that stood in the account, with what it had and what came of it."""

    grant: str
    priority: int
    had: int
    verdict: Verdict
    words: str
    paid: Sequence[Allocation]
    ahead_by: str | None
    """The first key of the order by which it goes before the next candidate; None for the last."""


def candidates(case: Case, entry: Entry, demand: Demand) -> list[Candidate]:
    """The grants of the account at that instant, in the order of use; of a capture its lots."""
    profile, found = case.profile, list[Candidate]()
    ordered = _lots(case) if case.hold else _grants(case, entry)
    for (grant, had), after in zip(ordered, [*ordered[1:], None], strict=True):
        paid = [a for a in entry.allocations if a.grant == grant.grant]
        verdict = _verdict(grant, had, paid, demand, entry.dated_at, case.hold)
        words = _words(verdict, grant, had, paid, demand, case.account.key.currency)
        ahead = _ahead_by(profile, grant, after[0]) if after and not case.hold else None
        found.append(Candidate(grant.grant, grant.priority, had, verdict, words, paid, ahead))
        demand = demand.less(paid)
    return found


def left_out(case: Case, listed: Sequence[Candidate]) -> int:
    """How many grants that had nothing left are not among the candidates (`LISTED_MAX`)."""
    return 0 if case.hold else case.grants - len(listed)


def _grants(case: Case, entry: Entry) -> list[tuple[Grant, int]]:
    """Grants with what each had free; a write-off's own credit pays nothing else."""
    used = {allocation.grant for allocation in entry.allocations}
    grants = [
        grant
        for grant in case.account.grants.values()
        if not is_lot_of_writeoff(grant.grant)
        and (grant.remaining or grant.grant in used or case.grants <= LISTED_MAX)
    ]
    return [(grant, grant.free) for grant in sorted(grants, key=case.profile.rank)]


def _lots(case: Case) -> list[tuple[Grant, int]]:
    assert case.hold is not None
    return [(case.account.grants[lot.grant], lot.amount) for lot in case.hold.lots]


def _verdict(
    grant: Grant,
    had: int,
    paid: Sequence[Allocation],
    demand: Demand,
    at: datetime,
    hold: Hold | None,
) -> Verdict:
    if paid:
        return Verdict.USED
    if not demand.allows(grant):
        return Verdict.NOT_NAMED
    if hold is None and grant.state(at) in _BY_STATE:
        return _BY_STATE[grant.state(at)]
    if had <= 0:
        return Verdict.HELD
    if demand.limit <= 0 or not demand.wants:
        return Verdict.NOT_REACHED
    return Verdict.PASSED_OVER if demand.is_for(grant) else Verdict.OUT_OF_SCOPE


def _words(
    verdict: Verdict,
    grant: Grant,
    had: int,
    paid: Sequence[Allocation],
    demand: Demand,
    currency: str,
) -> str:
    match verdict:
        case Verdict.USED:
            left = had - sum(a.amount for a in paid)
            return f"{_paid(paid, currency)}; " + (
                f"{money(left, currency)} left" if left else "used up"
            )
        case Verdict.EXPIRED:
            return f"skipped: expired at {_instant(grant.expires_at)}"
        case Verdict.NOT_YET_EFFECTIVE:
            return f"skipped: not effective before {_instant(grant.effective_at)}"
        case Verdict.OUT_OF_SCOPE:
            products = sorted({want.product or "no product" for want in demand.wants})
            return f"skipped: only for {', '.join(grant.scope)}; unpaid was {', '.join(products)}"
        case Verdict.NOT_NAMED if demand.named:
            return f"not asked: the message names {demand.named}"
        case Verdict.HELD:
            return f"skipped: a hold reserves all that is left, {money(grant.held, currency)}"
        case _:
            return _PLAIN_WORDS[verdict]


_PLAIN_WORDS = {
    Verdict.VOIDED: "skipped: void",
    Verdict.NOT_NAMED: "not asked: only the credit that comes pays invoices that were open",
    Verdict.NOTHING_LEFT: "skipped: nothing left",
    Verdict.NOT_REACHED: "not reached: all was paid by then",
    Verdict.PASSED_OVER: "could have paid and did not",
}


def _paid(paid: Sequence[Allocation], currency: str) -> str:
    total = f"used: pays {money(sum(a.amount for a in paid), currency)}"
    lines = [f"{a.line} {money(a.amount, currency)}" for a in paid if a.line is not None]
    return f"{total} ({', '.join(lines)})" if lines else total


def _instant(instant: datetime | None) -> str:
    return rfc3339(instant) if instant is not None else "never"


def _ahead_by(profile: Profile, grant: Grant, after: Grant) -> str:
    ranks = zip(profile.keys, profile.rank(grant), profile.rank(after), strict=True)
    return next(key for key, one, other in ranks if one != other)
