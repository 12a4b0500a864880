"""A customer's grants, as the commands about grants show them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from db.look_ups import (
    count_grants,
    details_of,
    grants_before,
    grants_called,
    grants_with,
    open_parts,
    with_grants,
)
from domain.books import Books
from domain.credit import Grant, GrantDetails
from domain.fields import rfc3339
from domain.order import Profile
from domain.vocabulary import GrantState
from worker.cli.customers import GONE, counted
from worker.cli.output import money
from worker.state import Data, account_data

GRANTS_SHOWN = 1_000
"""More are shown in parts: all with something left first, beside those that came last."""

LIVE = frozenset({GrantState.ACTIVE, GrantState.PENDING})
"""States of grants with something left."""

_WENT = ("used", "expired", "voided", "moved", "held")


class Choice(NamedTuple):
    """Which grants are asked for: one, those of a reference number, or a part of them all."""

    states: Collection[GrantState] = ()
    """Only those in these; empty for any."""
    grant: str | None = None
    reference: str | None = None
    before: int | None = None
    """Those with nothing left that came before this entry; None for the first part."""
    every: bool = False
    """All at once, however many."""


@dataclass(frozen=True, slots=True)
class Lots:
    """An account and its grants in the order of use, those that are gone behind the others."""

    account: Books
    grants: Sequence[Grant]
    order: Profile
    now: datetime
    number: int
    """How many grants the account has had."""
    cursor: int | None = None
    """The entry before which those were brought that are left out; None when none are."""

    def referring(self, reference: str) -> "Lots":
        """Those with this reference number alone."""
        chosen = [g for g in self.grants if g.details and g.details.reference_number == reference]
        return replace(self, grants=chosen)


def lots_of(
    connection: Connection, account: Books, order: Profile, now: datetime, choice: Choice
) -> Lots:
    """The grants of an account that are asked for."""
    number = count_grants(connection, account.account_id, account.seq)
    names, cursor = _part_of(connection, account, choice, number)
    account_id = account.account_id
    account = counted(with_grants(connection, account, names), now)
    details = details_of(connection, account_id, names)
    states = choice.states
    chosen = (grant for grant in account.grants if not states or grant.state(now) in states)
    told = (replace(grant, details=details[grant.grant]) for grant in chosen)
    ordered = sorted(told, key=lambda grant: (grant.state(now) in GONE, order.rank(grant)))
    lots = Lots(account, ordered, order, now, number, cursor)
    return lots if choice.reference is None else lots.referring(choice.reference)


def _part_of(
    connection: Connection, account: Books, choice: Choice, number: int
) -> tuple[Collection[str] | None, int | None]:
    """The ids to look at, None for all; and before which entry those came that are left out."""
    account_id, before = account.account_id, choice.before
    if choice.grant is not None:
        return grants_called(connection, account_id, choice.grant), None
    if choice.reference is not None:
        return grants_with(connection, account_id, choice.reference), None
    if choice.every or (before is None and number <= GRANTS_SHOWN):
        return None, None
    still = {grant.grant for grant in open_parts(connection, account).grants}
    if before is None and choice.states and LIVE.issuperset(choice.states):
        return still, None
    newest = account.seq + 1 if before is None else before
    came, cursor = grants_before(connection, account_id, newest, GRANTS_SHOWN)
    return still.union(came) if before is None else set(came) - still, cursor


def lots_data(lots: Lots) -> Data:
    """The account's name and its grants, with what people read about them."""
    rows = {row["grant"]: row for row in account_data(lots.account, lots.now)["grants"]}
    return {
        **lots.account.key._asdict(),
        "order": lots.order.label,
        "grants": [{**rows[g.grant], **_details_data(g.details)} for g in lots.grants],
    }


def _details_data(details: GrantDetails | None) -> Data:
    assert details is not None, "they were read with the grant"
    return {
        **details._asdict(),
        "sent_at": rfc3339(details.sent_at) if details.sent_at else None,
        "line_items": list(details.line_items),
    }


def went(grant: Grant, currency: str) -> list[str]:
    """What became of the rest, such as `20.00 used`; what is held is still part of what is left."""
    parts = ((name, getattr(grant, name)) for name in _WENT)
    return [f"{money(amount, currency)} {name}" for name, amount in parts if amount]
