"""credit.deduct: credit is taken off an account without an invoice."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from domain.account import Account
from domain.bill import Want
from domain.credit import Grant
from domain.decision import Decision, Draft, Instants, refuse
from domain.fields import Amount, Identifier
from domain.messages import Body, Message
from domain.settings import TenantSettings
from domain.spending import named, spend, total
from domain.vocabulary import Kind, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class DeductCredit(Body):
    """Asks for an amount to be taken, from one grant or in the order of use."""

    ASKED: ClassVar[tuple[str, ...]] = ("grant", "product")

    amount: Amount
    grant: Identifier | None = None
    product: Identifier | None = None


def decide_deduction(
    account: Account, message: Message, body: DeductCredit, at: Instants, settings: TenantSettings
) -> Decision:
    """Take all of the amount or none of it (R16)."""
    grants: Iterable[Grant] = account.in_order()
    wants = [Want(None, body.product, body.amount)]
    if body.grant is not None:
        if body.grant not in account.grants:
            return refuse(Refusal.UNKNOWN_GRANT)
        grants = [account.grants[body.grant]]
        wants = [*named(grants[0], wants)]
    allocations = spend(grants, wants, at.t, body.amount)
    if total(allocations) < body.amount:
        return refuse(Refusal.INSUFFICIENT_CREDIT)
    return Decision(drafts=(Draft(Kind.DEDUCTION, allocations),))
