"""credit.void: what remains of a grant is taken away."""

from dataclasses import dataclass

from domain.account import Account
from domain.credit import Allocation, Grant
from domain.decision import Decision, Instants, drafted, refuse
from domain.fields import Identifier
from domain.messages import Body, Message
from domain.settings import TenantSettings
from domain.vocabulary import Kind, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidCredit(Body):
    """Asks for the end of a grant."""

    grant: Identifier


def decide_grant_void(
    account: Account, message: Message, body: VoidCredit, at: Instants, settings: TenantSettings
) -> Decision:
    """Take what is free of it; what a hold reserves is voided when the hold ends (R15)."""
    grant = account.grants.get(body.grant)
    obstacle = closed(grant, at)
    if grant is None or obstacle is not None:
        return refuse(obstacle or Refusal.UNKNOWN_GRANT)
    if grant.remaining == 0:
        return refuse(Refusal.INSUFFICIENT_CREDIT)
    rest = (Allocation(grant.grant, None, grant.free),) if grant.free else ()
    return Decision(ended=grant, drafts=drafted(Kind.VOID, rest))


def closed(grant: Grant | None, at: Instants) -> Refusal | None:
    """Why nothing about a grant can be changed any more, in order of precedence (R15)."""
    if grant is None:
        return Refusal.UNKNOWN_GRANT
    if at.t >= grant.ends:
        return Refusal.ALREADY_EXPIRED
    return Refusal.ALREADY_VOIDED if grant.is_void else None
