"""Between rows and the values of the domain, one function per table and direction.

What is written is plain text and numbers only: psycopg writes those in C, and enums, lists, bytes
and instants in Python.
"""

from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from db.literals import plain_array, text_array
from domain.account import Account
from domain.bill import Invoice, Line, Use
from domain.changes import Key
from domain.credit import Grant, GrantDetails
from domain.decision import Instants
from domain.fields import rfc3339
from domain.identity import AccountKey, Id128, message_key
from domain.jsontext import json_encoder
from domain.ledger import Entry, Receipt
from domain.messages import Cause
from domain.settings import NOTHING_SET, AccountSettings, TenantSettings
from domain.vocabulary import Category, InvoiceStatus, Outcome, Refusal

Row = tuple[Any, ...]

ENTRY_COLUMNS = (
    "account_id, seq, kind, amount, balance, invoice, allocations, reverses, cause_source, "
    "cause_id, cause_type, order_profile, recorded_at, dated_at, context, asked, hash"
)
GRANT_COLUMNS = (
    "account_id, grant_id, seq, amount, remaining, used, expired, voided, moved, held, category, "
    "priority, effective_at, expires_at, scope, is_void, external_id, named, terms, memo, sent_at, "
    "reference_number, line_items, amendments, is_announced"
)
INVOICE_COLUMNS = (
    "account_id, invoice, amount_due, applied, status, auto_apply, issued_at, lines, uses, "
    "entries, terms, written_off, revised"
)
RECEIPT_COLUMNS = (
    "account_id, key, source, id, type, digest, outcome, reason, decided_at, business_at, "
    "seq_first, seq_last, event_seq, attributes, repeats, conflicts"
)

encode = json_encoder(ascii_only=False)
_NOTHING_SAID = (None, None, None, None)
_CATEGORIES = {category.value: category for category in Category}


def instant(moment: datetime | None) -> str | None:
    """An instant as it is written, where there is one."""
    return None if moment is None else rfc3339(moment)


def account_of(row: Row) -> Account:
    """From load_accounts."""
    identity, tenant, customer, currency, balance, seq, event_seq, head, decided_at = row[:9]
    key, said = AccountKey(tenant, customer, currency), row[9:13]
    settings = NOTHING_SET if said == _NOTHING_SAID else AccountSettings(*said)
    return Account(
        identity, key, balance, seq, event_seq, head, decided_at, settings, has_enough=row[13]
    )


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
    memo, sent_at, reference_number, line_items = grant.details or GrantDetails()
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
        instant(grant.effective_at),
        instant(grant.expires_at),
        text_array(grant.scope),
        grant.is_void,
        grant.external_id,
        grant.named,
        grant.terms,
        memo,
        instant(sent_at),
        reference_number,
        encode(items) if items else None,
        grant.amendments,
        grant.is_announced,
    )


def _without_none(item: Any) -> dict[str, Any]:
    pairs = ((name, getattr(item, name)) for name in item.__slots__)
    return {name: value for name, value in pairs if value is not None}


def invoice_of(row: Row) -> Invoice:
    """From load_invoices, without the account id."""
    name, amount_due, status, auto_apply, issued_at, lines, uses, entries, *rest = row
    return Invoice(
        invoice=name,
        amount_due=amount_due,
        status=InvoiceStatus(status),
        auto_apply=auto_apply,
        issued_at=issued_at,
        lines=tuple(Line(id=i, product=p, amount=amount) for i, p, amount in lines or ()),
        uses=[Use(*use) for use in uses],
        entries=list(entries),
        terms=rest[0],
        written_off=rest[1],
        revised=rest[2],
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
        instant(invoice.issued_at),
        encode(lines) if lines else None,
        encode(invoice.uses),
        plain_array(invoice.entries),
        invoice.terms,
        invoice.written_off,
        invoice.revised,
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
        encode(entry.allocations),
        plain_array(entry.reverses),
        *entry.cause,
        entry.order,
        rfc3339(entry.recorded_at),
        rfc3339(entry.dated_at),
        entry.context,
        entry.asked,
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
        encode(receipt.attributes) if receipt.attributes else None,
        receipt.repeats,
        receipt.conflicts,
    )


def settings_of(version: int, settings: dict[str, Any]) -> TenantSettings:
    """From a row of tenants; what it does not say is the default."""
    given = dict(settings)
    if "late_window" in given:
        given["late_window"] = timedelta(seconds=given["late_window"])
    return TenantSettings(version=version, **given)


def settings_text(settings: TenantSettings) -> str:
    """The row's JSON: only what differs from the defaults, so that `settings_of` reads it back."""
    said = {
        field.name: getattr(settings, field.name)
        for field in fields(settings)
        if field.name != "version"
    }
    default = TenantSettings()
    given = {name: value for name, value in said.items() if value != getattr(default, name)}
    if "late_window" in given:
        given["late_window"] //= timedelta(seconds=1)
    return encode(given)
