"""What a batch must load before it can be decided: named by the messages, so never more."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.changes import Key
from domain.identity import AccountKey, Id128
from domain.messages import Message


@dataclass(frozen=True, slots=True)
class Wanted:
    """The accounts to lock, and what to read of them beside their open grants."""

    accounts: dict[Id128, AccountKey] = field(default_factory=dict)
    receipts: set[Key] = field(default_factory=set)
    grants: set[tuple[Id128, str]] = field(default_factory=set)
    external_ids: set[tuple[Id128, str]] = field(default_factory=set)
    invoices: set[tuple[Id128, str]] = field(default_factory=set)


def wanted(messages: Iterable[Message]) -> Wanted:
    """Read off the fields that every kind uses alike: grant, external_id, invoice."""
    want = Wanted()
    for message in messages:
        account, body = message.account_id, message.body
        want.accounts[account] = message.key
        want.receipts.add(Key(account, message.cause.source, message.cause.id))
        grant = getattr(body, "grant", None)
        if grant is None and body.BUSINESS_ID == "grant":
            grant = message.cause.id
        for name, names in (
            (grant, want.grants),
            (getattr(body, "external_id", None), want.external_ids),
            (getattr(body, "invoice", None), want.invoices),
        ):
            if name is not None:
                names.add((account, name))
    return want
