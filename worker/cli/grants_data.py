"""A customer's grants, as the commands about grants show them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from db.tracing import details_of
from domain.books import Books
from domain.credit import Grant, GrantDetails
from domain.fields import rfc3339
from domain.order import Profile
from domain.vocabulary import GrantState
from worker.cli.customers import GONE
from worker.cli.output import money
from worker.state import Data, account_data

_WENT = ("used", "expired", "voided", "moved", "held")


@dataclass(frozen=True, slots=True)
class Lots:
    """An account and its grants in the order of use, those that are gone behind the others."""

    account: Books
    grants: Sequence[Grant]
    order: Profile
    now: datetime

    def referring(self, reference: str) -> "Lots":
        """Those with this reference number alone."""
        chosen = [g for g in self.grants if g.details and g.details.reference_number == reference]
        return replace(self, grants=chosen)


def lots_of(
    connection: Connection,
    account: Books,
    order: Profile,
    now: datetime,
    states: Sequence[GrantState] | None,
) -> Lots:
    """The grants in these states, or all."""
    details = details_of(connection, account.account_id)
    chosen = (grant for grant in account.grants if not states or grant.state(now) in states)
    told = (replace(grant, details=details[grant.grant]) for grant in chosen)
    ordered = sorted(told, key=lambda grant: (grant.state(now) in GONE, order.rank(grant)))
    return Lots(account, ordered, order, now)


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
