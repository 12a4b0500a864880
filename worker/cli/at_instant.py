"""What an account's credit comes to at an instant, in the past or in the future; pure.

What stood in the past is what stands now without what the entries behind it did; or what a closing
says with what the entries since did. Whichever are fewer are read, however long the ledger.
The past goes by `recorded_at`: what had been decided by then, on the terms as they then stood.
Credit whose time is over at the instant is gone, whether or not its expiry has been written; a
future instant supposes that nothing else happens until then.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, TypeAlias

from domain.books import Books
from domain.credit import Grant
from domain.kept import Amendment, Hold
from domain.vocabulary import GrantState
from worker.statement.account import Gone, gone_of, left_of


@dataclass(frozen=True, slots=True)
class Standing:
    """An account at an instant; amounts in minor units."""

    at: datetime
    seq: int
    """The newest entry recorded by then."""
    expired: int
    """What was over by then though its expiry was not yet written: not in `balance`."""
    grants: tuple[Grant, ...]
    """What each grant had left and held, those with nothing left out; without their history."""
    is_most_held: bool
    """Whether holds came or went between the two entries around the instant; then `held` is the
    most that it can have been, because a hold keeps the entry behind which it was made or ended."""

    @property
    def balance(self) -> int:
        """The sum of the ledger, less what has expired by then."""
        return sum(grant.remaining for grant in self.grants)

    @property
    def held(self) -> int:
        """What holds reserve (R17)."""
        return sum(grant.held for grant in self.grants)

    @property
    def available(self) -> int:
        """What an invoice could use (R2)."""
        return sum(grant.free for grant in self.grants if grant.usable(self.at))

    @property
    def pending(self) -> int:
        """What is not yet effective."""
        return sum(g.free for g in self.grants if g.state(self.at) is GrantState.PENDING)


class Later(NamedTuple):
    """What the entries behind an instant did; nothing, for one that is not in the past."""

    seq: int
    """The newest entry by the instant."""
    became: Mapping[str, Gone]
    """By grant, what they brought and took."""

    def by_then(self, now: Gone) -> Gone:
        """What had become of a grant by the instant, from what has by now."""
        later = self.became.get(now.grant)
        if later is None:
            return now
        return Gone(now.grant, *(a - b for a, b in zip(now[1:], later[1:], strict=True)))


class Earlier(NamedTuple):
    """What the entries up to an instant did, as far as it matters: see `standing`."""

    seq: int
    """The newest of them."""
    became: Mapping[str, Gone]
    """By grant, what they brought and took."""

    def by_then(self, now: Gone) -> Gone:
        """What had become of a grant by the instant."""
        return self.became.get(now.grant, Gone(now.grant))


Then: TypeAlias = Later | Earlier


def standing(books: Books, then: Then, at: datetime, now: datetime) -> Standing:
    """The account at an instant, seen from `now`.

    `books` has at least the grants that are open, and those that `then` knows; an `Earlier` knows
    what had become of all of these.
    """
    seq = then.seq
    holds = [kept for kept in books.kept if isinstance(kept, Hold)]
    held, over = Counter[str](), Counter[str]()
    for hold in holds:
        if _reserves(hold, seq, at, now):
            held.update({lot.grant: lot.amount for lot in hold.lots})
        elif hold.since <= seq and (hold.until is None or hold.until >= seq):
            over.update({lot.grant: lot.amount for lot in hold.lots})
    grants, expired = list[Grant](), 0
    for grant in books.grants:
        was = _was(grant, books.amendments, seq)
        went = then.by_then(gone_of(grant))
        was.remaining = left_of(went)
        # Of a grant that was all held when it was made void, no entry says so before the hold ends.
        was_held = 0 < was.remaining <= over[grant.grant]
        was.is_void = grant.is_void and (at >= now or went.voided > 0 or was_held)
        was.held = min(held[grant.grant], was.remaining)
        gone = was.free if was.gone(at) else 0
        expired += gone
        was.remaining -= gone
        if was.remaining:
            grants.append(was)
    unclear = at < now and any(seq in (hold.since, hold.until) for hold in holds)
    return Standing(at, seq, expired, tuple(grants), unclear)


def _reserves(hold: Hold, seq: int, at: datetime, now: datetime) -> bool:
    """Whether a hold stands behind an entry at an instant, or may have stood in the past."""
    may_have = hold.until == seq and at < now
    stands = hold.until is None or hold.until > seq or may_have
    return hold.since <= seq and stands and at < hold.ends


def _was(grant: Grant, amendments: Iterable[Amendment], seq: int) -> Grant:
    """A grant of its own, on the terms behind an entry."""
    for change in amendments:
        if change.grant == grant.grant and change.seq > seq:
            return replace(grant, expires_at=change.expires_before, priority=change.priority_before)
    return replace(grant)


def groups(found: Standing) -> list[Standing]:
    """The same by scope and category: what is for anything first, paid before promotional."""
    keys = sorted({(grant.scope, grant.category.value) for grant in found.grants})
    return [
        replace(
            found,
            grants=tuple(g for g in found.grants if (g.scope, g.category.value) == key),
        )
        for key in keys
    ]
