"""One message, one transaction: lock the account, look at the receipt, decide, write."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tests.benchmarks.orm.messages import PARSED, Deducted, Granted, Invoiced, OfAccount, digest
from tests.benchmarks.orm.models import Account, Entry, Grant, Invoice, Outbox, Receipt

Message = Granted | Deducted | Invoiced


def handle(session: Session, said: dict[str, Any]) -> None:
    """Do what a message says, once; the caller commits."""
    message = PARSED.validate_python(said)
    account = _locked(session, message.data)
    receipt = session.scalar(
        select(Receipt).where(
            Receipt.account_id == account.id,
            Receipt.source == message.source,
            Receipt.message_id == message.id,
        )
    )
    if receipt is None:
        _take(session, account, message)
    elif receipt.digest == digest(message):
        receipt.repeats += 1
    else:
        receipt.conflicts += 1


def _locked(session: Session, data: OfAccount) -> Account:
    """The account's row, made when it is missing."""
    key = {"tenant": data.tenant, "customer": data.customer, "currency": data.currency}
    locked = select(Account).filter_by(**key).with_for_update()
    account = session.scalar(locked)
    if account is None:
        session.execute(
            insert(Account).values(**key, balance=0, seq=0, event_seq=0).on_conflict_do_nothing()
        )
        account = session.scalars(locked).one()
    return account


def _take(session: Session, account: Account, message: Message) -> None:
    outcome = "applied"
    if isinstance(message, Granted):
        _grant(session, account, message)
    elif isinstance(message, Invoiced):
        _invoice(session, account, message)
    elif not _deduct(session, account, message):
        outcome = "refused"
        _tell(session, account, "message.refused", id=message.id, reason="insufficient_credit")
    session.add(
        Receipt(
            account_id=account.id,
            source=message.source,
            message_id=message.id,
            type=message.type,
            digest=digest(message),
            outcome=outcome,
        )
    )


def _grant(session: Session, account: Account, message: Granted) -> None:
    data = message.data
    session.add(
        Grant(
            account_id=account.id,
            name=message.id,
            amount=data.amount,
            remaining=data.amount,
            category=data.category,
            priority=data.priority,
            expires_at=data.expires_at,
        )
    )
    allocations = [{"grant": message.id, "amount": data.amount}]
    _enter(session, account, message, "grant", data.amount, allocations)


def _invoice(session: Session, account: Account, message: Invoiced) -> None:
    data = message.data
    allocations = _used(session, account, data.amount_due)
    applied = sum(part["amount"] for part in allocations)
    invoice = Invoice(
        account_id=account.id, name=data.invoice, amount_due=data.amount_due, applied=applied
    )
    session.add(invoice)
    if applied:
        _enter(session, account, message, "application", -applied, allocations, data.invoice)
    due = data.amount_due - applied
    _tell(session, account, "invoice.credited", invoice=data.invoice, applied=applied, due=due)


def _deduct(session: Session, account: Account, message: Deducted) -> bool:
    """Whole or not at all."""
    if account.balance < message.data.amount:
        return False
    allocations = _used(session, account, message.data.amount)
    _enter(session, account, message, "deduction", -message.data.amount, allocations)
    return True


def _used(session: Session, account: Account, amount: int) -> list[dict[str, Any]]:
    """Take up to an amount out of the usable grants, in the order of use."""
    grants = session.scalars(
        select(Grant)
        .where(Grant.account_id == account.id, Grant.remaining > 0)
        .where(Grant.expires_at.is_(None) | (Grant.expires_at > datetime.now(UTC)))
        .order_by(
            Grant.priority,
            Grant.expires_at.asc().nulls_last(),
            Grant.category.desc(),  # promotional before paid
            Grant.id,
        )
    )
    allocations = []
    for grant in grants:
        taken = min(amount, grant.remaining)
        if not taken:
            break
        grant.remaining -= taken
        amount -= taken
        allocations.append({"grant": grant.name, "amount": taken})
    return allocations


def _enter(
    session: Session,
    account: Account,
    message: Message,
    kind: str,
    amount: int,
    allocations: list[dict[str, Any]],
    invoice: str | None = None,
) -> None:
    before = account.balance
    account.balance += amount
    account.seq += 1
    entry = Entry(
        account_id=account.id,
        seq=account.seq,
        kind=kind,
        amount=amount,
        balance=account.balance,
        invoice=invoice,
        allocations=allocations,
        source=message.source,
        message_id=message.id,
    )
    session.add(entry)
    told = {"balance": account.balance, "balance_before": before, "allocations": allocations}
    _tell(session, account, "credit.balance_changed", cause=message.id, **told)


def _tell(session: Session, account: Account, kind: str, **payload: Any) -> None:
    account.event_seq += 1
    payload |= {"customer": account.customer, "currency": account.currency}
    session.add(
        Outbox(account_id=account.id, event_seq=account.event_seq, type=kind, payload=payload)
    )
