"""An invoice, as far as its credit goes: what is due, what was applied, and from where."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from domain.fields import Identifier, SignedAmount
from domain.identity import NIL, Id128
from domain.vocabulary import InvoiceStatus

UPDATED_FIRST: Id128 = NIL
"""The terms of an invoice that an update brought; whatever its create says changes nothing (R8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A part of an invoice; a negative amount is a discount."""

    id: Identifier
    amount: SignedAmount
    product: Identifier | None = None


class Use(NamedTuple):
    """Credit that stands applied; `seq` is the entry that applied it."""

    grant: str
    line: str | None
    amount: int
    seq: int


class Want(NamedTuple):
    """A line to be paid; a whole invoice or deduction without lines is one want without a line."""

    line: str | None
    product: str | None
    amount: int


@dataclass(slots=True, eq=False)
class Invoice:
    """An invoice. 0 <= applied <= amount_due (I7); `uses` and `entries` are oldest first."""

    invoice: str
    amount_due: int
    status: InvoiceStatus
    auto_apply: bool | None = None
    issued_at: datetime | None = None
    lines: tuple[Line, ...] = ()
    uses: list[Use] = field(default_factory=list)
    """Spendable credit that stands applied; a write-off is not in it."""
    entries: list[int] = field(default_factory=list)
    """The seqs of the entries that touched this invoice."""
    terms: Id128 | None = None
    """What its invoice.created said; None while only a void or the like has been seen."""
    written_off: int = 0
    """What a write-off covers, in minor units (R19)."""
    revised: int = 0
    """The account's newest entry when the amount or the lines last changed."""

    @property
    def spent(self) -> int:
        """Spendable credit that stands applied, in minor units."""
        return sum([use.amount for use in self.uses]) if self.uses else 0

    @property
    def applied(self) -> int:
        """All that stands applied, a write-off included, in minor units (R19)."""
        return self.spent + self.written_off

    @property
    def unpaid(self) -> int:
        """What credit could still pay, whatever the status, in minor units."""
        return self.amount_due - self.applied

    @property
    def due(self) -> int:
        """What the customer still owes after credit; nothing on a paid or void invoice (R10)."""
        if self.status in (InvoiceStatus.PAID, InvoiceStatus.VOID):
            return 0
        return self.unpaid

    @property
    def is_known(self) -> bool:
        """Whether a create or an update has said what it is about (R8)."""
        return self.terms is not None

    def wants(self) -> Sequence[Want]:
        """What there is to pay: the rest of each line, or the whole where there are none (R4)."""
        if not self.lines:
            return [Want(None, None, self.unpaid)]
        if not self.uses:
            return [Want(line.id, line.product, line.amount) for line in self.lines]
        paid = paid_by_line(self.uses)
        return [Want(line.id, line.product, line.amount - paid[line.id]) for line in self.lines]


def paid_by_line(uses: Iterable[Use]) -> Counter[str | None]:
    """How much of each line stands paid, in minor units."""
    paid: Counter[str | None] = Counter()
    for use in uses:
        paid[use.line] += use.amount
    return paid
