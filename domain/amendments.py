"""credit.amend: other terms for a grant that stands; moves no money."""

from dataclasses import dataclass

from domain.account import Account
from domain.decision import Decision, Instants, refuse
from domain.fields import Identifier, Instant, Priority, Text
from domain.grant_voids import closed
from domain.kept import Amendment
from domain.messages import Body, Message
from domain.settings import TenantSettings
from domain.vocabulary import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendCredit(Body):
    """Asks for another end, place in the order, memo or reference; what is not said stays."""

    grant: Identifier
    expires_at: Instant | None = None
    priority: Priority | None = None
    memo: Text | None = None
    reference_number: Identifier | None = None


def decide_amendment(
    account: Account, message: Message, body: AmendCredit, at: Instants, settings: TenantSettings
) -> Decision:
    """Change the terms from now on; what was decided under the old ones stands (R15)."""
    grant = account.grants.get(body.grant)
    obstacle = closed(grant, at)
    if grant is None or obstacle is not None:
        return refuse(obstacle or Refusal.UNKNOWN_GRANT)
    if body.expires_at is not None and body.expires_at <= at.t:
        return refuse(Refusal.ALREADY_EXPIRED)
    amendment = Amendment(
        grant=grant.grant,
        number=grant.amendments + 1,
        seq=account.seq,
        expires_before=grant.expires_at,
        expires_at=body.expires_at or grant.expires_at,
        priority_before=grant.priority,
        priority=grant.priority if body.priority is None else body.priority,
        memo=body.memo,
        reference_number=body.reference_number,
    )
    return Decision(amendment=amendment)
