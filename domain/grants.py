"""credit.grant: a new lot of credit comes in."""

from dataclasses import dataclass
from typing import ClassVar

from domain.account import Account
from domain.credit import Allocation, Grant, GrantDetails
from domain.decision import Decision, Draft, Instants, refuse
from domain.fields import Amount, Identifier, Instant, Metadata, Priority, SignedAmount, Text
from domain.kept import is_lot_of_scrip
from domain.messages import Body, Message
from domain.money import BALANCE_MAX
from domain.settings import TenantSettings
from domain.sweeping import sweep
from domain.vocabulary import Category, Kind, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem:
    """The accountant's part of a grant; the items sum to its amount."""

    id: Identifier
    amount: SignedAmount
    ledger_account: Identifier | None = None
    memo: Text | None = None
    metadata: Metadata | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantCredit(Body):
    """Asks for a grant; its id is the message's where none is given."""

    BUSINESS_ID: ClassVar[str | None] = "grant"

    amount: Amount
    grant: Identifier | None = None
    external_id: Identifier | None = None
    category: Category = Category.PAID
    priority: Priority = 50
    effective_at: Instant | None = None
    expires_at: Instant | None = None
    scope: tuple[Identifier, ...] = ()
    memo: Text | None = None
    sent_at: Instant | None = None
    reference_number: Identifier | None = None
    line_items: tuple[LineItem, ...] = ()

    def malformed(self) -> str | None:
        """Line items that do not sum up, or a grant that could never be used."""
        total = sum(item.amount for item in self.line_items)
        if self.line_items and total != self.amount:
            return f"data.line_items: they sum to {total}, but data.amount is {self.amount}"
        if len({item.id for item in self.line_items}) < len(self.line_items):
            return "data.line_items: two items have the same id"
        if len(set(self.scope)) < len(self.scope):
            return "data.scope: names a product twice"
        if self.effective_at and self.expires_at and self.expires_at <= self.effective_at:
            return "data.expires_at: must be later than data.effective_at"
        return None


def decide_grant(
    account: Account, message: Message, body: GrantCredit, at: Instants, settings: TenantSettings
) -> Decision:
    """Bring the grant in, once for its id and once for its external id (R7).

    A name that scrip gives to lots of its own is taken.
    """
    name = body.grant or message.cause.id
    if is_lot_of_scrip(name):
        return refuse(Refusal.ID_CONFLICT)
    for known in _same_business_id(account, name, body.external_id):
        return Decision() if _same(known, message, body) else refuse(Refusal.ID_CONFLICT)
    if body.expires_at is not None and body.expires_at <= at.t:
        return refuse(Refusal.ALREADY_EXPIRED)
    if account.balance + body.amount > BALANCE_MAX:
        return refuse(Refusal.BALANCE_LIMIT)
    grant = Grant(
        grant=name,
        seq=account.seq + 1,
        amount=body.amount,
        remaining=0,
        category=body.category,
        priority=body.priority,
        effective_at=body.effective_at,
        expires_at=body.expires_at,
        scope=body.scope,
        external_id=body.external_id,
        named=name != message.cause.id,
        terms=message.digests.terms,
        details=GrantDetails(body.memo, body.sent_at, body.reference_number, body.line_items),
    )
    arrival = Draft(Kind.GRANT, (Allocation(name, None, body.amount),))
    swept = sweep(account, [(grant, body.amount)], at.t, settings)
    return Decision(grants=(grant,), drafts=(arrival, *swept.drafts), told=swept.told)


def _same_business_id(account: Account, name: str, external_id: str | None) -> list[Grant]:
    """The grants that the message's ids name already, those by grant id first."""
    found = [account.grants[name]] if name in account.grants else []
    if external_id is not None:
        found += [g for g in account.grants.values() if g.external_id == external_id]
    return found


def _same(known: Grant, message: Message, body: GrantCredit) -> bool:
    """Same terms; a grant id that was only filled in by default does not tell two apart."""
    name = body.grant or message.cause.id
    both_named = known.named and name != message.cause.id
    return known.terms == message.digests.terms and (known.grant == name or not both_named)
