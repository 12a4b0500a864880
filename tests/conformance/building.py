"""Rows for the store's tests, put together by hand so that every field has a value of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from db.values import Lease
from domain.account import Account
from domain.bill import Invoice, Line, Use
from domain.changes import Changes, Key, State
from domain.credit import Allocation, Grant, GrantDetails
from domain.decision import Instants
from domain.grants import LineItem
from domain.identity import AccountKey, Id128, account_id
from domain.kept import Hold, Spent, Transfer, Writeoff
from domain.ledger import Entry, Receipt
from domain.messages import Cause
from domain.vocabulary import Category, InvoiceStatus, Kind, Outcome, Refusal
from domain.wanted import Wanted
from worker.ports import Store

T = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
ALICE = AccountKey("acme", "alice", "USD")
BOB = AccountKey("acme", "b\N{LATIN SMALL LETTER O WITH DIAERESIS}b", "JPY")


def want(
    key: AccountKey, kept: Iterable[tuple[type[Any], str | int]] = (), **names: Iterable[str]
) -> Wanted:
    """What a batch about one account asks for, by name."""
    id_ = account_id(key)
    by_kind: dict[type[Any], set[tuple[Id128, Any]]] = {}
    for kind, name in kept:
        by_kind.setdefault(kind, set()).add((id_, name))
    return Wanted(
        kept=by_kind,
        accounts={id_: key},
        receipts={Key(id_, "shop", name) for name in names.get("receipts", ())},
        grants={(id_, name) for name in names.get("grants", ())},
        external_ids={(id_, name) for name in names.get("external_ids", ())},
        invoices={(id_, name) for name in names.get("invoices", ())},
    )


def gather(store: Store, wanted: Wanted) -> State:
    """What is committed, read in a transaction of its own."""
    with store.transaction(None) as transaction:
        return transaction.gather(wanted)


def account(
    store: Store,
    key: AccountKey,
    kept: Iterable[tuple[type[Any], str | int]] = (),
    **names: Iterable[str],
) -> Account:
    """One account as a batch would find it."""
    return gather(store, want(key, kept, **names)).accounts[account_id(key)]


def save(store: Store, key: AccountKey, changes: Changes, lease: Lease | None = None) -> None:
    """Write changes of one account in a transaction of their own."""
    with store.transaction(lease) as transaction:
        transaction.gather(want(key))
        transaction.save(changes, ())


def values(row: Any, leaving_out: Collection[str] = ()) -> dict[str, Any]:
    """A row's public fields, to compare rows that have no equality."""
    names = (field.name for field in fields(row) if not field.name.startswith("_"))
    return {name: getattr(row, name) for name in names if name not in leaving_out}


def grant(name: str = "g", **terms: Any) -> Grant:
    """A new grant of 100 with everything left."""
    details = GrantDetails(None, None, None, ())
    plain = Grant(grant=name, seq=1, amount=100, remaining=100, details=details)
    return replace(plain, **terms)


def full_grant() -> Grant:
    """A grant in which no field has its default."""
    return grant(
        "full \N{GREEK SMALL LETTER ALPHA}",
        seq=7,
        amount=1_000,
        remaining=400,
        category=Category.PROMOTIONAL,
        priority=3,
        effective_at=T,
        expires_at=T + timedelta(days=90, microseconds=1),
        scope=("api", "storage"),
        used=300,
        expired=150,
        voided=100,
        moved=50,
        held=25,
        amendments=2,
        is_announced=True,
        external_id="ext-7",
        named=False,
        terms=f"{7:032x}",
        details=GrantDetails("memo", T, "ref", (LineItem(id="i", amount=1_000),)),
    )


def full_invoice(name: str = "inv") -> Invoice:
    """An invoice in which no field has its default."""
    return Invoice(
        invoice=name,
        amount_due=500,
        status=InvoiceStatus.OPEN,
        auto_apply=False,
        issued_at=T,
        lines=(Line(id="l1", amount=600, product="api"), Line(id="l2", amount=-100)),
        uses=[Use("used up", "l1", 30, 4), Use("other", None, 20, 5)],
        entries=[4, 5],
        terms=f"{9:032x}",
        written_off=40,
        revised=3,
    )


def entry(key: AccountKey, seq: int, amount: int, balance: int) -> Entry:
    """A ledger row with everything said."""
    kind = Kind.GRANT if amount > 0 else Kind.DEDUCTION
    return Entry(
        account_id=account_id(key),
        seq=seq,
        kind=kind,
        amount=amount,
        balance=balance,
        invoice="inv",
        allocations=(Allocation("g", None, abs(amount)),),
        reverses=(1, 2),
        cause=Cause("shop", f"m{seq}", "credit.grant"),
        order="standard/1",
        recorded_at=T,
        dated_at=T - timedelta(seconds=1),
        context='{"note":"n"}',
        asked='{"grant":"g"}',
        hash=bytes([seq]) * 32,
    )


def receipt(key: AccountKey, name: str = "m1", **others: Any) -> Receipt:
    """A receipt in which no field has its default."""
    row = Receipt(
        account_id=account_id(key),
        cause=Cause("shop", name, "credit.deduct"),
        digest=f"{11:032x}",
        outcome=Outcome.REFUSED,
        reason=Refusal.INSUFFICIENT_CREDIT,
        at=Instants(T, T - timedelta(minutes=1)),
        seq_first=2,
        seq_last=3,
        event_seq=4,
        attributes={"traceparent": "00-ab", "n": 1},
        repeats=5,
        conflicts=6,
    )
    return replace(row, **others)


def changes_of(key: AccountKey, *rows: Any, events: Iterable[str] = ()) -> Changes:
    """New rows of one account, sorted into their lists by type."""
    id_, changes = account_id(key), Changes(T, events=list(events))
    for row in rows:
        match row:
            case Grant():
                changes.new_grants[id_, row.grant] = row
            case Invoice():
                changes.new_invoices[id_, row.invoice] = row
            case Receipt():
                changes.receipts[Key(id_, row.cause.source, row.cause.id)] = row
            case Entry():
                changes.entries.append(row)
            case Account():
                changes.accounts[id_] = row
            case Hold() | Transfer() | Writeoff() | Spent():
                changes.kept[type(row), id_, row.name] = row
    return changes
