"""A grant: a lot of credit, its terms, and where its amount has gone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from domain.identity import NIL, Id128
from domain.vocabulary import Category, GrantState

ALWAYS = datetime.min.replace(tzinfo=UTC)
NEVER = datetime.max.replace(tzinfo=UTC)


class Allocation(NamedTuple):
    """The part of an entry that touches one grant, and one invoice line where there are lines."""

    grant: str
    line: str | None
    amount: int


class GrantDetails(NamedTuple):
    """What a grant says beside its terms; no rule reads it."""

    memo: str | None = None
    sent_at: datetime | None = None
    reference_number: str | None = None
    line_items: tuple[Any, ...] = ()


@dataclass(slots=True, eq=False)
class Grant:
    """A lot of credit. amount = used + expired + voided + moved + remaining (I6)."""

    grant: str
    seq: int
    amount: int
    remaining: int
    category: Category = Category.PAID
    priority: int = 50
    effective_at: datetime | None = None
    expires_at: datetime | None = None
    scope: tuple[str, ...] = ()
    used: int = 0
    expired: int = 0
    voided: int = 0
    moved: int = 0
    held: int = 0
    """What holds reserve of `remaining` (R17)."""
    is_void: bool = False
    external_id: str | None = None
    named: bool = True
    """False when the grant's id is only its message's id, filled in by default."""
    terms: Id128 = NIL
    amendments: int = 0
    """How often its terms were amended (R15)."""
    is_announced: bool = False
    """Whether `grant.expiring` has told of its end."""
    details: GrantDetails | None = None
    """What people read about the grant; only there while the grant is new."""
    begins: datetime = field(init=False)
    ends: datetime = field(init=False)
    is_paid: bool = field(init=False)
    """What the order of use compares, without the gaps: sorting is a third of deciding."""

    def __post_init__(self) -> None:
        self.begins = self.effective_at or ALWAYS
        self.ends = self.expires_at or NEVER
        self.is_paid = self.category is Category.PAID

    @property
    def is_unscoped(self) -> bool:
        """Whether it pays any line."""
        return not self.scope

    @property
    def products(self) -> tuple[bool, int]:
        """How many products it is for; none in particular counts as more than any number."""
        return not self.scope, len(self.scope)

    @property
    def smallness(self) -> int:
        """Less for a larger grant."""
        return -self.amount

    @property
    def free(self) -> int:
        """What is left and not reserved, in minor units."""
        return self.remaining - self.held

    def usable(self, at: datetime) -> bool:
        """R2: effective_at <= t < expires_at, and not void."""
        return self.begins <= at < self.ends and not self.is_void

    def turns(self, after: datetime) -> datetime:
        """The next instant at which it begins or ends to be usable."""
        if after < self.begins:
            return self.begins
        return self.ends if after < self.ends else NEVER

    def gone(self, at: datetime) -> bool:
        """Whether credit that comes back at this instant expires or voids at once (R13)."""
        return self.is_void or at >= self.ends

    def pays(self, product: str | None) -> bool:
        """R4: a grant with a scope pays only what is in it."""
        return not self.scope or product in self.scope

    def state(self, at: datetime) -> GrantState:
        """What the grant shows as at an instant."""
        if self.is_void:
            return GrantState.VOIDED
        if at >= self.ends:
            return GrantState.EXPIRED
        if self.remaining == 0:
            return GrantState.DEPLETED
        return GrantState.PENDING if at < self.begins else GrantState.ACTIVE


Rank = Callable[[Grant], Any]
"""The order of use that an account's open grants are kept in."""
