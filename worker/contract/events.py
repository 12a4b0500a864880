"""The events that `domain/events.py` writes, field by field, for those who read them.

That module puts its text together by hand, for speed; this is what the text says. A test holds
the two together with events of real runs.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from domain.events import SOURCE
from domain.fields import Identifier, Name, Text, Whole
from domain.money import BALANCE_MAX
from domain.vocabulary import Kind, Refusal, Why
from worker.contract.shapes import Doc, Matching, Utc

NUMBER_MAX = 2**53 - 1
"""The largest integer that every JSON parser keeps."""

Balance = Annotated[int, Whole(0, BALANCE_MAX)]
Change = Annotated[int, Whole(-BALANCE_MAX, BALANCE_MAX)]
Number = Annotated[int, Whole(1, NUMBER_MAX)]
Reference = Annotated[str, Name(bytes_max=1_024)]


@dataclass(frozen=True, kw_only=True)
class Event:
    """The CloudEvents 1.0 envelope of everything that scrip publishes."""

    specversion: Literal["1.0"]
    id: Annotated[
        str,
        Matching("^([0-9a-f]{32}|quarantine-[0-9a-f]{64})$"),
        Doc("The same event has the same id, however often it is delivered."),
    ]
    source: Literal["scrip"]
    type: Identifier
    time: Annotated[datetime, Utc()]
    datacontenttype: Literal["application/json"]
    data: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Cause:
    """The message that led to this; what scrip does by itself has a source like `scrip/expiry`."""

    source: Reference
    id: Reference
    type: Identifier


@dataclass(frozen=True, kw_only=True)
class Allocation:
    """The part of an entry that touches one grant, and one invoice line where there are lines."""

    grant: Identifier
    line: Identifier | None
    amount: Annotated[Balance, Doc("Minor units, never negative.")]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One immutable ledger row."""

    seq: Annotated[Number, Doc("The row's number within the account, without holes.")]
    kind: Kind
    amount: Annotated[Change, Doc("Minor units; negative when credit leaves the account.")]
    balance: Annotated[Balance, Doc("The account's balance after this row.")]
    invoice: Identifier | None
    reverses: Annotated[tuple[Number, ...], Doc("The seq of the rows that this one reverses.")]
    allocations: tuple[Allocation, ...]


@dataclass(frozen=True, kw_only=True)
class AccountData:
    """What every event of an account carries."""

    tenant: Identifier
    customer: Identifier
    currency: Identifier
    event_seq: Annotated[
        Number,
        Doc("1..n per account without holes: ignore what you have seen; a jump means a loss."),
    ]


@dataclass(frozen=True, kw_only=True)
class BalanceChanged(AccountData):
    """The ledger has new rows: what the balance was and is, and the rows themselves."""

    balance: Annotated[Balance, Doc("The sum of the ledger, in minor units.")]
    available: Annotated[
        Balance, Doc("What an invoice could use now: effective, not expired, not held.")
    ]
    balance_before: Balance
    seq_first: Number
    seq_last: Number
    cause: Cause
    entries: tuple[Entry, ...]


@dataclass(frozen=True, kw_only=True)
class InvoiceCredited(AccountData):
    """How an invoice stands after a message about it, also when nothing was applied."""

    invoice: Identifier
    amount_due: Annotated[Balance, Doc("As it was sent, net of everything but scrip's credit.")]
    applied: Annotated[Balance, Doc("Credit on the invoice, in minor units.")]
    due: Annotated[Balance, Doc("What is left to pay. Never send it back as amount_due.")]
    why: Why
    cause: Cause


@dataclass(frozen=True, kw_only=True)
class MessageRefused(AccountData):
    """A well-formed message that could not be carried out; retry under a new id."""

    source: Reference
    id: Reference
    type: Identifier
    reason: Refusal


@dataclass(frozen=True, kw_only=True)
class BalanceLow(AccountData):
    """Available has fallen below the level that was set; told again only after it has recovered."""

    available: Annotated[Balance, Doc("What an invoice could use now, in minor units.")]
    low_balance: Annotated[Balance, Doc("The level: the account's, or else the tenant's.")]
    balance: Annotated[Balance, Doc("The sum of the ledger, in minor units.")]
    cause: Cause


@dataclass(frozen=True, kw_only=True)
class GrantExpiring(AccountData):
    """A grant that has something left will end soon; told once for each end that it is given."""

    grant: Identifier
    remaining: Annotated[Balance, Doc("What is left of it, in minor units, held credit included.")]
    expires_at: Annotated[datetime, Utc()]


@dataclass(frozen=True, kw_only=True)
class MessageQuarantined:
    """A message that cannot be understood, or that conflicts; it has no account and no order."""

    reason: Annotated[Text, Doc("What is wrong, in a sentence for people.")]
    digest: Annotated[str, Matching("^[0-9a-f]{64}$"), Doc("SHA-256 of the message's bytes.")]


EVENTS: dict[str, type] = {
    "credit.balance_changed": BalanceChanged,
    "invoice.credited": InvoiceCredited,
    "message.refused": MessageRefused,
    "credit.balance_low": BalanceLow,
    "grant.expiring": GrantExpiring,
    "message.quarantined": MessageQuarantined,
}
"""Every published type with its data."""

assert SOURCE == "scrip", "the envelope above names the source"
