"""What a batch must load before it can be decided: named by the messages, so never more.

What the loaded rows name in their turn (the grants that an invoice's credit came from, say) is
asked for by `behind`, as often as there is something to ask for.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from domain.account import Account
from domain.changes import Key, State
from domain.configuring import ConfigureAccount, ConfigureTenant
from domain.grants import GrantCredit
from domain.identity import AccountKey, Id128, account_id
from domain.kept import Hold, Spent, Transfer, Writeoff, lot_of
from domain.messages import Body, Message
from domain.settings import first_set
from domain.transfers import TransferCredit, cause_of

Named = set[tuple[Id128, str]]

_KEPT: dict[str, type[Any]] = {
    "hold": Hold,
    "transfer": Transfer,
    "writeoff": Writeoff,
    "entry": Spent,
}
"""The fields whose values name what an account keeps, alike in every kind of message."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The accounts to lock, and what to read of them beside their open grants."""

    accounts: dict[Id128, AccountKey] = field(default_factory=dict)
    receipts: set[Key] = field(default_factory=set)
    grants: Named = field(default_factory=set)
    external_ids: Named = field(default_factory=set)
    invoices: Named = field(default_factory=set)
    kept: dict[type[Any], set[tuple[Id128, Any]]] = field(default_factory=dict)
    open_holds: set[Id128] = field(default_factory=set)
    """Accounts some of whose credit is reserved."""
    open_invoices: set[Id128] = field(default_factory=set)
    """Accounts whose open invoices a grant may pay when it comes (R11)."""
    receiving: set[Id128] = field(default_factory=set)
    """Accounts that grants come to."""
    configured: set[str] = field(default_factory=set)
    """Tenants whose settings, or whose accounts' settings, may change within the batch."""


def wanted(messages: Iterable[Message]) -> Wanted:
    """Read off the fields that every kind uses alike: grant, external_id, invoice and so on."""
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
        for name, kind in _names_of(type(body)):
            _want_kept(want, message, kind, getattr(body, name))
        if isinstance(body, GrantCredit):
            want.receiving.add(account)
        elif isinstance(body, TransferCredit):
            _want_receiver(want, message, body)
        elif isinstance(body, ConfigureAccount | ConfigureTenant):
            want.configured.add(body.tenant)
    return want


def behind(state: State, want: Wanted) -> Wanted:
    """What the loaded rows name and has not been loaded: the stores ask twice, and then decide.

    The second time with nothing wanted, because what was wanted is there.
    """
    more = Wanted()
    for account in state.accounts.values():
        if account.id in want.accounts and any(g.held for g in account.grants.values()):
            more.open_holds.add(account.id)
        if account.id in want.receiving and _may_sweep(state, want, account):
            more.open_invoices.add(account.id)
        if account.kept or account.invoices:
            _named_in_turn(account, more)
    return more


def expect(state: State, want: Wanted) -> None:
    """Note the entries that are named but do not stand yet: the batch may bring them (R23)."""
    for account, seq in want.kept.get(Spent, ()):
        state.accounts[account].kept.setdefault((Spent, seq), None)


_names: dict[type[Body], tuple[tuple[str, type[Any]], ...]] = {}


def _names_of(body: type[Body]) -> tuple[tuple[str, type[Any]], ...]:
    if body not in _names:
        known = {f.name for f in fields(body)}
        _names[body] = tuple((name, kind) for name, kind in _KEPT.items() if name in known)
    return _names[body]


def _want_kept(want: Wanted, message: Message, kind: type[Any], name: Any) -> None:
    if name is None and _KEPT.get(message.body.BUSINESS_ID or "") is kind:
        name = message.cause.id
    if name is None:
        return
    want.kept.setdefault(kind, set()).add((message.account_id, name))
    if kind is Writeoff:
        want.grants.add((message.account_id, lot_of(name)))


def _want_receiver(want: Wanted, message: Message, body: TransferCredit) -> None:
    key = AccountKey(body.tenant, body.to_customer, body.currency)
    receiver = account_id(key)
    want.accounts[receiver] = key
    want.receiving.add(receiver)
    want.receipts.add(Key(receiver, *cause_of(message.account_id, body.transfer)[:2]))


def _may_sweep(state: State, want: Wanted, account: Account) -> bool:
    """Whether grants that come may pay open invoices, now or later in the batch."""
    settings = state.settings_of(account)
    asked = (account.settings.apply_to_open_invoices, settings.apply_to_open_invoices)
    return account.key.tenant in want.configured or first_set(*asked)


def _named_in_turn(account: Account, more: Wanted) -> None:
    names: set[str] = set()
    for invoice in account.invoices.values():
        names.update(use.grant for use in invoice.uses)
    for kept in account.kept.values():
        if isinstance(kept, Spent | Writeoff) and kept.invoice is not None:
            if kept.invoice not in account.invoices:
                more.invoices.add((account.id, kept.invoice))
        elif isinstance(kept, Spent):
            names.update(allocation.grant for allocation in kept.allocations)
    more.grants.update((account.id, name) for name in names - account.grants.keys())
