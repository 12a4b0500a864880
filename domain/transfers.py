"""credit.transfer: lots move to another customer of the tenant, with their terms (R18)."""

from dataclasses import dataclass
from typing import ClassVar

from domain.account import Account
from domain.credit import Allocation, Grant, GrantDetails
from domain.decision import Decision, Departure, Draft, Instants, refuse
from domain.fields import Amount, Identifier
from domain.identity import Id128
from domain.kept import Transfer, lot_that_arrived
from domain.messages import Body, Cause, Message
from domain.settings import TenantSettings
from domain.sweeping import sweep
from domain.vocabulary import Kind, Refusal

SOURCE = "scrip/transfer"
TYPE = "scrip.transfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferCredit(Body):
    """Asks for credit to become another customer's."""

    BUSINESS_ID: ClassVar[str | None] = "transfer"

    transfer: Identifier
    to_customer: Identifier
    amount: Amount

    def malformed(self) -> str | None:
        """A transfer to oneself."""
        if self.to_customer == self.customer:
            return "data.to_customer: is the customer that the credit would come from"
        return None


def decide_transfer(
    account: Account, message: Message, body: TransferCredit, at: Instants, settings: TenantSettings
) -> Decision:
    """Take lots out in the order of use, scoped ones too: all of the amount or nothing."""
    known = account.find(Transfer, body.transfer)
    if known is not None:
        same = known.terms == message.digests.terms
        return Decision() if same else refuse(Refusal.ID_CONFLICT)
    lots, left = list[Allocation](), body.amount
    for grant in account.in_order():
        lot = min(left, grant.free) if grant.usable(at.t) else 0
        if lot > 0:
            lots.append(Allocation(grant.grant, None, lot))
            left -= lot
    if left:
        return refuse(Refusal.INSUFFICIENT_CREDIT)
    moved = tuple(lots)
    sent = Transfer(
        body.transfer, body.to_customer, body.amount, account.seq + 1, message.digests.terms
    )
    return Decision(
        drafts=(Draft(Kind.TRANSFER_OUT, moved),),
        kept=(sent,),
        departure=Departure(body.transfer, body.to_customer, moved),
    )


def cause_of(sender: Id128, transfer: str) -> Cause:
    """What an arrival comes from: nothing but the transfer can bring the same again."""
    return Cause(SOURCE, f"{sender}/{transfer}", TYPE)


def decide_arrival(
    sender: Account, receiver: Account, sent: Departure, at: Instants, settings: TenantSettings
) -> Decision:
    """The lots as grants of the receiver; they count as granted to it (R11)."""
    grants = tuple(_arrived(sender, receiver, sent, place) for place in range(len(sent.lots)))
    arrivals = [(grant, grant.amount) for grant in grants]
    allocations = tuple(Allocation(grant.grant, None, grant.amount) for grant in grants)
    swept = sweep(receiver, arrivals, at.t, settings)
    return Decision(
        grants=grants,
        drafts=(Draft(Kind.TRANSFER_IN, allocations), *swept.drafts),
        told=swept.told,
    )


def _arrived(sender: Account, receiver: Account, sent: Departure, place: int) -> Grant:
    """A lot under an id of its own."""
    lot = sent.lots[place]
    source = sender.grants[lot.grant]
    return Grant(
        grant=lot_that_arrived(sender.id, sent.transfer, place),
        seq=receiver.seq + 1,
        amount=lot.amount,
        remaining=0,
        category=source.category,
        priority=source.priority,
        effective_at=source.effective_at,
        expires_at=source.expires_at,
        scope=source.scope,
        details=GrantDetails(f"Transfer {sent.transfer} from {sender.key.customer}, {lot.grant}"),
    )
