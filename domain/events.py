"""What scrip publishes, as CloudEvents 1.0 JSON text.

Every event of an account carries the account's next `event_seq`, and its id follows from the two,
so a repeat has the same id and a jump shows a loss (I11, I12). The text is put together by hand:
two events a message through a JSON library would cost as much as all the rest of deciding it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from domain.account import Account
from domain.bill import Invoice
from domain.credit import Allocation, Grant
from domain.fields import rfc3339
from domain.identity import event_id
from domain.jsontext import quote
from domain.ledger import Entry
from domain.messages import Cause
from domain.vocabulary import Refusal, Why

SOURCE = "scrip"


def balance_changed(account: Account, cause: Cause, entries: Sequence[Entry], now: datetime) -> str:
    """The balance after the entries of one message."""
    first = entries[0]
    return _account_event(
        account,
        "credit.balance_changed",
        now,
        f'"balance":{account.balance},"available":{account.available},'
        f'"balance_before":{first.balance - first.amount},'
        f'"seq_first":{first.seq},"seq_last":{entries[-1].seq},'
        f'"cause":{_cause(cause)},"entries":[{",".join(map(_entry, entries))}]',
    )


def invoice_credited(
    account: Account, cause: Cause, invoice: Invoice, why: Why, now: datetime
) -> str:
    """How an invoice stands after a message, also when nothing was applied."""
    return _account_event(
        account,
        "invoice.credited",
        now,
        f'"invoice":{quote(invoice.invoice)},"amount_due":{invoice.amount_due},'
        f'"applied":{invoice.applied},"due":{invoice.due},"why":"{why}","cause":{_cause(cause)}',
    )


def message_refused(account: Account, cause: Cause, reason: Refusal, now: datetime) -> str:
    """A business refusal (R21)."""
    told = f'{_cause(cause)[1:-1]},"reason":"{reason}"'
    return _account_event(account, "message.refused", now, told)


def balance_low(account: Account, cause: Cause, level: int, now: datetime) -> str:
    """Available has fallen below the level that was set."""
    told = f'"available":{account.available},"low_balance":{level},"balance":{account.balance}'
    return _account_event(account, "credit.balance_low", now, f'{told},"cause":{_cause(cause)}')


def grant_expiring(account: Account, grant: Grant, now: datetime) -> str:
    """A grant with something left has few days to go."""
    told = f'"grant":{quote(grant.grant)},"remaining":{grant.remaining}'
    return _account_event(
        account, "grant.expiring", now, f'{told},"expires_at":"{rfc3339(grant.ends)}"'
    )


def message_quarantined(digest: str, reason: str, now: datetime) -> str:
    """A message that could not be understood or that conflicts: no account and no order."""
    data = f'{{"reason":{quote(reason)},"digest":"{digest}"}}'
    return _event(f"quarantine-{digest}", "message.quarantined", now, data)


def _account_event(account: Account, kind: str, now: datetime, told: str) -> str:
    account.event_seq += 1
    tenant, customer, currency = account.key
    data = (
        f'{{"tenant":{quote(tenant)},"customer":{quote(customer)},"currency":{quote(currency)},'
        f'"event_seq":{account.event_seq},{told}}}'
    )
    return _event(event_id(account.id, account.event_seq), kind, now, data)


def _event(identity: str, kind: str, now: datetime, data: str) -> str:
    return (
        f'{{"specversion":"1.0","id":"{identity}","source":"{SOURCE}","type":"{kind}",'
        f'"time":"{rfc3339(now)}","datacontenttype":"application/json","data":{data}}}'
    )


def _cause(cause: Cause) -> str:
    return f'{{"source":{quote(cause.source)},"id":{quote(cause.id)},"type":{quote(cause.type)}}}'


def _entry(entry: Entry) -> str:
    invoice = "null" if entry.invoice is None else quote(entry.invoice)
    return (
        f'{{"seq":{entry.seq},"kind":"{entry.kind}","amount":{entry.amount},'
        f'"balance":{entry.balance},"invoice":{invoice},"reverses":[{_numbers(entry.reverses)}],'
        f'"allocations":[{",".join(map(_allocation, entry.allocations))}]}}'
    )


def _allocation(allocation: Allocation) -> str:
    line = "null" if allocation.line is None else quote(allocation.line)
    return f'{{"grant":{quote(allocation.grant)},"line":{line},"amount":{allocation.amount}}}'


def _numbers(numbers: Iterable[int]) -> str:
    return ",".join(map(str, numbers))
