"""credit.deduct: credit is taken off an account without an invoice."""

from dataclasses import dataclass

from domain.account import Account, TenantSettings
from domain.decision import Decision, Draft, Instants, refuse
from domain.fields import Amount, Identifier
from domain.messages import Body, Message
from domain.spending import Want, spend
from domain.vocabulary import Kind, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class DeductCredit(Body):
    """Asks for an amount to be taken, from one grant or in the order of use."""

    amount: Amount
    grant: Identifier | None = None
    product: Identifier | None = None


def decide_deduction(
    account: Account, message: Message, body: DeductCredit, at: Instants, settings: TenantSettings
) -> Decision:
    """Take all of the amount or none of it (R16)."""
    grants, product = account.in_order(), body.product
    if body.grant is not None:
        if body.grant not in account.grants:
            return refuse(Refusal.UNKNOWN_GRANT)
        named = account.grants[body.grant]
        grants = [named]
        if product is None and named.scope:
            product = named.scope[0]  # R4: naming a scoped grant says what the deduction is for
    want = Want(None, product, body.amount)
    allocations = spend(grants, [want], at.t, body.amount)
    if sum(a.amount for a in allocations) < body.amount:
        return refuse(Refusal.INSUFFICIENT_CREDIT)
    return Decision(drafts=(Draft(Kind.DEDUCTION, allocations),))
