"""Between rows and the values of the domain, one function per table and direction.

What is written is plain text and numbers only: psycopg writes those in C, and enums, lists, bytes
and instants in Python.
"""

from datetime import datetime, timedelta
from typing import Any

from db.literals import plain_array, text_array
from domain.account import Account, Grant, Invoice, TenantSettings, Use
from domain.changes import Key
from domain.decision import Instants
from domain.fields import rfc3339
from domain.identity import AccountKey, Id128, message_key
from domain.invoices import Line
from domain.jsontext import json_encoder
from domain.ledger import Entry, Receipt
from domain.messages import Cause
from domain.vocabulary import Category, InvoiceStatus, Outcome, Refusal

Row = tuple[Any, ...]

ENTRY_COLUMNS = (
    "account_id, seq, kind, amount, balance, invoice, allocations, reverses, cause_source, "
    "cause_id, cause_type, order_profile, recorded_at, dated_at, context, hash"
)
GRANT_COLUMNS = (
    "account_id, grant_id, seq, amount, remaining, used, expired, voided, moved, held, category, "
    "priority, effective_at, expires_at, scope, is_void, external_id, named, terms, memo, sent_at, "
    "reference_number, line_items"
)
INVOICE_COLUMNS = (
    "account_id, invoice, amount_due, applied, status, auto_apply, issued_at, lines, uses, "
    "entries, terms"
)
RECEIPT_COLUMNS = (
    "account_id, key, source, id, type, digest, outcome, reason, decided_at, business_at, "
    "seq_first, seq_last, event_seq, attributes, repeats, conflicts"
)

_encode = json_encoder(ascii_only=False)
_CATEGORIES = {category.value: category for category in Category}


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else rfc3339(instant)


def account_of(row: Row) -> Account:
    """From load_accounts."""
    identity, tenant, customer, currency, *state = row
    return Account(identity, AccountKey(tenant, customer, currency), *state)


def grant_of(row: Row) -> Grant:
    """From load_open_grants and its likes, without the account id."""
    name, seq, amount, remaining, category, priority, effective_at, expires_at, scope, *rest = row
    return Grant(
        name,
        seq,
        amount,
        remaining,
        _CATEGORIES[category],
        priority,
        effective_at,
        expires_at,
        tuple(scope),
        *rest,
    )


def grant_row(account_id: Id128, grant: Grant) -> Row:
    """For COPY, in the order of GRANT_COLUMNS."""
    assert grant.details is not None, "only a new grant is inserted"
    memo, sent_at, reference_number, line_items = grant.details
    items = [_without_none(item) for item in line_items]
    return (
        account_id,
        grant.grant,
        grant.seq,
        grant.amount,
        grant.remaining,
        grant.used,
        grant.expired,
        grant.voided,
        grant.moved,
        grant.held,
        grant.category.value,
        grant.priority,
        _instant(grant.effective_at),
        _instant(grant.expires_at),
        text_array(grant.scope),
        grant.is_void,
        grant.external_id,
        grant.named,
        grant.terms,
        memo,
        _instant(sent_at),
        reference_number,
        _encode(items) if items else None,
    )


def _without_none(item: Any) -> dict[str, Any]:
    pairs = ((name, getattr(item, name)) for name in item.__slots__)
    return {name: value for name, value in pairs if value is not None}


def invoice_of(row: Row) -> Invoice:
    """From load_invoices, without the account id."""
    name, amount_due, status, auto_apply, issued_at, lines, uses, entries, terms = row
    return Invoice(
        invoice=name,
        amount_due=amount_due,
        status=InvoiceStatus(status),
        auto_apply=auto_apply,
        issued_at=issued_at,
        lines=tuple(Line(id=i, product=p, amount=amount) for i, p, amount in lines or ()),
        uses=[Use(*use) for use in uses],
        entries=list(entries),
        terms=terms,
    )


def invoice_row(account_id: Id128, invoice: Invoice) -> Row:
    """For COPY, in the order of INVOICE_COLUMNS."""
    lines = [(line.id, line.product, line.amount) for line in invoice.lines]
    return (
        account_id,
        invoice.invoice,
        invoice.amount_due,
        invoice.applied,
        invoice.status.value,
        invoice.auto_apply,
        _instant(invoice.issued_at),
        _encode(lines) if lines else None,
        _encode(invoice.uses),
        plain_array(invoice.entries),
        invoice.terms,
    )


def entry_row(entry: Entry) -> Row:
    """For COPY, in the order of ENTRY_COLUMNS."""
    return (
        entry.account_id,
        entry.seq,
        entry.kind.value,
        entry.amount,
        entry.balance,
        entry.invoice,
        _encode(entry.allocations),
        plain_array(entry.reverses),
        *entry.cause,
        entry.order,
        rfc3339(entry.recorded_at),
        rfc3339(entry.dated_at),
        entry.context,
        "\\x" + entry.hash.hex(),
    )


def receipt_of(row: Row) -> tuple[Key, Receipt]:
    """From load_receipts."""
    account_id, source, name, kind, digest, outcome, reason, now, t, *rest = row
    receipt = Receipt(
        account_id,
        Cause(source, name, kind),
        digest,
        Outcome(outcome),
        Refusal(reason) if reason else None,
        Instants(now, t),
        *rest,
    )
    return Key(account_id, source, name), receipt


def receipt_row(receipt: Receipt) -> Row:
    """For COPY, in the order of RECEIPT_COLUMNS."""
    return (
        receipt.account_id,
        message_key(receipt.cause.source, receipt.cause.id),
        *receipt.cause,
        receipt.digest,
        receipt.outcome.value,
        receipt.reason.value if receipt.reason else None,
        rfc3339(receipt.at.now),
        rfc3339(receipt.at.t),
        receipt.seq_first,
        receipt.seq_last,
        receipt.event_seq,
        _encode(receipt.attributes) if receipt.attributes else None,
        receipt.repeats,
        receipt.conflicts,
    )


def settings_of(version: int, settings: dict[str, Any]) -> TenantSettings:
    """From a row of tenants; what it does not say is the default."""
    given = dict(settings)
    if "late_window" in given:
        given["late_window"] = timedelta(seconds=given["late_window"])
    return TenantSettings(version=version, **given)
