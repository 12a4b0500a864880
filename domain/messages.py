"""A message as the rules see it: who sent it, whose credit it is about, and its body."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from domain.fields import Creator, Identifier, Metadata, Text
from domain.identity import AccountKey, Id128, account_id


@dataclass(frozen=True, slots=True)
class CreatedBy:
    """The person or system behind a message."""

    id: Identifier
    type: Literal["user", "system"] = "user"


@dataclass(frozen=True, slots=True)
class Tag:
    """A label to filter and group by."""

    key: Identifier
    value: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The part of `data` that every message type has: the account, and what people add."""

    BUSINESS_ID: ClassVar[str | None] = None
    """The field, if any, whose value may be brought into the world once (R7)."""

    ASKED: ClassVar[tuple[str, ...]] = ()
    """The fields that choose the credit to use: an entry keeps them, to be explained by (I8)."""

    customer: Identifier
    currency: Identifier
    tenant: Identifier = "default"
    created_by: Annotated[CreatedBy, Creator()] | None = None
    note: Text | None = None
    reason: Text | None = None
    metadata: Metadata | None = None
    tags: tuple[Tag, ...] = ()

    def malformed(self) -> str | None:
        """What is wrong between the fields, as a sentence; None when nothing is."""
        return None

    def business_time(self) -> datetime | None:
        """The instant the message speaks of, where that is not its `time` (R3)."""
        return None


class Cause(NamedTuple):
    """What an entry, a receipt or an event came from (I19)."""

    source: str
    id: str
    type: str


class Digests(NamedTuple):
    """What tells equal messages apart from conflicting ones."""

    body: Id128
    """Over type and data, parsed and with defaults: the same key with another conflicts (R20)."""
    terms: Id128
    """Over the type's own fields but its business id: the same id with others conflicts (R7)."""


@dataclass(frozen=True)
class Message:
    """One well-formed message."""

    cause: Cause
    time: datetime
    body: Body
    digests: Digests
    raw: bytes = field(repr=False)
    attributes: Mapping[str, Any] | None = None
    decimals: frozenset[int] | None = None
    """As its texts of amounts show them, where only the tenant knows how many are right: in a
    currency that is not of ISO 4217, and so perhaps a unit of its own (domain/units.py)."""

    key: AccountKey = field(init=False, repr=False, compare=False)
    """The account's name."""
    account_id: Id128 = field(init=False, repr=False, compare=False)
    """The account's id."""

    def __post_init__(self) -> None:
        key = AccountKey(self.body.tenant, self.body.customer, self.body.currency)
        vars(self).update(key=key, account_id=account_id(key))
