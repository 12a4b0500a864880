"""credit.reverse: credit that was used comes back, to where it came from."""

from dataclasses import dataclass, replace

from domain.account import Account
from domain.bill import Use
from domain.decision import Decision, Instants, Told, refuse
from domain.fields import Amount, Identifier, Seq
from domain.giving_back import newest_first
from domain.kept import Spent
from domain.messages import Body, Message
from domain.money import BALANCE_MAX
from domain.returning import give_back
from domain.settings import TenantSettings
from domain.vocabulary import Kind, Refusal, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseCredit(Body):
    """Asks for all or a part of what stands applied on an invoice, or was used by one entry."""

    invoice: Identifier | None = None
    entry: Seq | None = None
    amount: Amount | None = None

    def malformed(self) -> str | None:
        """One of the two has to be named, and not both."""
        if (self.invoice is None) == (self.entry is None):
            return "data: name an invoice or an entry, and not both"
        return None


def decide_reversal(
    account: Account, message: Message, body: ReverseCredit, at: Instants, settings: TenantSettings
) -> Decision:
    """Give back at most what remains of it, the newest use first (R13, R14)."""
    if body.entry is None:
        return _of_invoice(account, body.invoice or "", None, body.amount, at)
    spent = account.find(Spent, body.entry)
    if spent is None or spent.kind not in (Kind.APPLICATION, Kind.DEDUCTION):
        return refuse(Refusal.UNKNOWN_ENTRY)
    if spent.invoice is not None:
        return _of_invoice(account, spent.invoice, spent.name, body.amount, at)
    return _of_deduction(account, spent, body.amount, at)


def _of_invoice(
    account: Account, name: str, entry: int | None, amount: int | None, at: Instants
) -> Decision:
    invoice = account.invoices.get(name)
    if invoice is None:
        return refuse(Refusal.UNKNOWN_INVOICE)
    stands = [use for use in invoice.uses if entry is None or use.seq == entry]
    back = _taken(account, stands, amount)
    if isinstance(back, Refusal):
        return refuse(back)
    drafts = give_back(account, invoice, back, at.t)
    return Decision(drafts=drafts, told=(Told(invoice, Why.GIVEN_BACK),))


def _of_deduction(account: Account, spent: Spent, amount: int | None, at: Instants) -> Decision:
    uses = [Use(*allocation, spent.name) for allocation in spent.allocations]
    newest_first(uses, spent.returned)
    back = _taken(account, uses, amount)
    if isinstance(back, Refusal):
        return refuse(back)
    returned = spent.returned + sum(use.amount for use in back)
    drafts = give_back(account, None, back, at.t)
    return Decision(drafts=drafts, kept=(replace(spent, returned=returned),))


def _taken(account: Account, stands: list[Use], amount: int | None) -> list[Use] | Refusal:
    """The uses to give back, or why there is nothing to."""
    standing = sum(use.amount for use in stands)
    wanted = standing if amount is None else amount
    if standing == 0:
        return Refusal.ALREADY_REVERSED
    if wanted > standing:
        return Refusal.EXCEEDS_APPLIED
    if account.balance + wanted > BALANCE_MAX:
        return Refusal.BALANCE_LIMIT
    return newest_first(stands, wanted)
