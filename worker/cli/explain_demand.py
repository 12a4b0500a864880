"""What an entry had to pay: the wants of its invoice, or what its message asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from domain.bill import Invoice, Want
from domain.credit import Allocation, Grant
from domain.ledger import Entry
from domain.vocabulary import Kind
from worker.cli.explain_bodies import asked
from worker.cli.explain_ledger import BrokenLedgerError
from worker.cli.explain_replay import Case


@dataclass(frozen=True, slots=True)
class Demand:
    """What an entry had to pay: the wants, at most `limit` of them."""

    wants: Sequence[Want]
    limit: int
    named: str | None = None
    """The only grant that the message asked for."""
    came: frozenset[str] = frozenset()
    """The only grants that pay invoices that were open before them (R11)."""
    any_scope: bool = False
    """Whether scopes do not matter: a transfer takes credit with its terms (R18)."""

    def allows(self, grant: Grant) -> bool:
        """Whether a grant was asked for."""
        return self.named in (None, grant.grant) and (not self.came or grant.grant in self.came)

    def is_for(self, grant: Grant) -> bool:
        """R4: a message that names a scoped grant says with it what a want without lines is for."""
        if self.any_scope:
            return True
        return any(
            grant.pays(want.product) or (want.line is None and self.named == grant.grant)
            for want in self.wants
        )

    def less(self, paid: Sequence[Allocation]) -> "Demand":
        """What is left to be paid."""
        return replace(
            self, wants=_less(self.wants, paid), limit=self.limit - sum(a.amount for a in paid)
        )


def demand_of(case: Case, entry: Entry) -> Demand:
    """What was to be paid: what the message asked for, or what was due of the invoice."""
    said, amount = asked(entry), -entry.amount
    if entry.kind is not Kind.APPLICATION:
        want = Want(None, said.get("product"), amount)
        any_scope = entry.kind is Kind.TRANSFER_OUT
        return Demand([want], amount, said.get("grant"), any_scope=any_scope)
    if case.invoice is None:
        raise BrokenLedgerError(f"entry {entry.seq} applies credit to no invoice")
    if case.has_changed:
        unpaid = _paid_wants(entry, case.invoice)
    else:
        unpaid = [want for want in case.invoice.wants() if want.amount > 0]
        amount = min(case.invoice.unpaid, said.get("amount") or case.invoice.unpaid)
    if case.hold is not None:
        amount = min(amount, -entry.amount)
    return Demand(unpaid, amount, said.get("grant"), case.came)


def _paid_wants(entry: Entry, invoice: Invoice) -> list[Want]:
    """The lines that were paid: what else was due, nobody knows any more."""
    products = {line.id: line.product for line in invoice.lines}
    amounts: dict[str | None, int] = {}
    for _, line, amount in entry.allocations:
        amounts[line] = amounts.get(line, 0) + amount
    return [Want(line, products.get(line or ""), amount) for line, amount in amounts.items()]


def _less(unpaid: Sequence[Want], paid: Iterable[Allocation]) -> list[Want]:
    """What is still to be paid of the wants."""
    off = {want.line: 0 for want in unpaid}
    for part in paid:
        off[part.line] = off.get(part.line, 0) + part.amount
    left = (want._replace(amount=want.amount - off[want.line]) for want in unpaid)
    return [want for want in left if want.amount > 0]
