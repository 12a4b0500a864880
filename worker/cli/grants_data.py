"""A customer's grants, as the commands about grants show them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from db.look_ups import count_grants, details_of, with_grants
from domain.books import Books
from domain.credit import Grant, GrantDetails
from domain.fields import rfc3339
from domain.order import Profile
from domain.vocabulary import GrantState
from worker.cli.customers import GONE, counted
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
    number: int
    """How many grants the account has had."""

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
    names: Collection[str] | None = None,
) -> Lots:
    """The grants of these ids and in these states, or all."""
    account_id = account.account_id
    account = counted(with_grants(connection, account, names), now)
    details = details_of(connection, account_id, names)
    chosen = (grant for grant in account.grants if not states or grant.state(now) in states)
    told = (replace(grant, details=details[grant.grant]) for grant in chosen)
    ordered = sorted(told, key=lambda grant: (grant.state(now) in GONE, order.rank(grant)))
    return Lots(account, ordered, order, now, count_grants(connection, account_id))


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
