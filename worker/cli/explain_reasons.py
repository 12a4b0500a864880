"""Why an entry used these grants: each candidate in the order of use, with what came of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.account import Account, Allocation, Grant, Use
from domain.deductions import DeductCredit
from domain.fields import rfc3339
from domain.invoices import wants
from domain.ledger import Entry
from domain.order import Profile
from domain.spending import Want
from domain.vocabulary import GrantState, Kind
from worker.cli.explain_replay import BrokenLedgerError, Case
from worker.cli.output import money

SPENDING = (Kind.APPLICATION, Kind.DEDUCTION)

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
class Demand:
    """What an entry had to pay: the wants, at most `limit` of them, from one grant if named."""

    wants: Sequence[Want]
    limit: int
    named: str | None = None


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


def demand_of(case: Case, entry: Entry) -> Demand:
    """What was to be paid, as far as the ledger tells."""
    if entry.kind is Kind.DEDUCTION:
        body = case.body
        asked = body if isinstance(body, DeductCredit) else None
        want = Want(None, asked.product if asked else None, -entry.amount)
        return Demand([want], -entry.amount, asked.grant if asked else None)
    if case.invoice is None:
        raise BrokenLedgerError(f"entry {entry.seq} applies credit to no invoice")
    unpaid = _less(wants(case.invoice), case.invoice.uses)
    return Demand(unpaid, case.invoice.amount_due - case.invoice.applied)


def candidates(case: Case, entry: Entry, demand: Demand) -> list[Candidate]:
    """Every grant of the account at that instant, in the order of use."""
    profile, unpaid, limit = case.profile, demand.wants, demand.limit
    ordered = sorted(case.account.grants.values(), key=profile.rank)
    found = []
    for grant, after in zip(ordered, [*ordered[1:], None], strict=True):
        paid = [a for a in entry.allocations if a.grant == grant.grant]
        left = Demand(unpaid, limit, demand.named)
        verdict = _verdict(grant, paid, left, entry.dated_at)
        words = _words(verdict, grant, paid, left, case.account)
        ahead = _ahead_by(profile, grant, after) if after else None
        found.append(
            Candidate(grant.grant, grant.priority, grant.remaining, verdict, words, paid, ahead)
        )
        unpaid = _less(unpaid, paid)
        limit -= sum(a.amount for a in paid)
    return found


def _less(unpaid: Sequence[Want], paid: Iterable[Allocation | Use]) -> list[Want]:
    """What is still to be paid of the wants."""
    off = {want.line: 0 for want in unpaid}
    for part in paid:
        off[part.line] = off.get(part.line, 0) + part.amount
    left = (want._replace(amount=want.amount - off[want.line]) for want in unpaid)
    return [want for want in left if want.amount > 0]


def _verdict(grant: Grant, paid: Sequence[Allocation], demand: Demand, at: datetime) -> Verdict:
    if paid:
        return Verdict.USED
    if demand.named not in (None, grant.grant):
        return Verdict.NOT_NAMED
    if grant.state(at) in _BY_STATE:
        return _BY_STATE[grant.state(at)]
    if demand.limit <= 0 or not demand.wants:
        return Verdict.NOT_REACHED
    if not any(grant.pays(want.product) for want in demand.wants):
        return Verdict.OUT_OF_SCOPE
    return Verdict.PASSED_OVER


def _words(
    verdict: Verdict, grant: Grant, paid: Sequence[Allocation], demand: Demand, account: Account
) -> str:
    currency = account.key.currency
    match verdict:
        case Verdict.USED:
            left = grant.remaining - sum(a.amount for a in paid)
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
        case Verdict.NOT_NAMED:
            return f"not asked: the message names {demand.named}"
        case _:
            return _PLAIN_WORDS[verdict]


_PLAIN_WORDS = {
    Verdict.VOIDED: "skipped: void",
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
