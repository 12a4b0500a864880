"""Example messages, with everything that a test does not care about filled in.

A message is known by its kind and business id unless a test names it, so building the same one
twice is a repeat. Times are `AS_IT_COMES` unless a test says when.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal, TypedDict, Unpack

from domain.bill import Line
from domain.deductions import DeductCredit
from domain.digests import digests
from domain.grants import GrantCredit
from domain.identity import AccountKey
from domain.invoices import InvoiceCreated
from domain.messages import Body, Cause, Message
from domain.verbs import VERBS
from domain.vocabulary import Category
from domain.voids import InvoiceVoided

ACME = AccountKey("default", "acme", "USD")

LineText = tuple[str, str | None, int]


class About(TypedDict, total=False):
    """What can be said of every message."""

    id: str
    source: str
    at: str | datetime
    tenant: str
    customer: str
    currency: str
    note: str
    reason: str
    metadata: dict[str, Any]


def instant(when: str | datetime) -> datetime:
    """An instant from ISO 8601 text; without an offset it is in UTC."""
    found = datetime.fromisoformat(when) if isinstance(when, str) else when
    return found if found.tzinfo else found.replace(tzinfo=UTC)


NOON = instant("2026-01-15T12:00")
"""When every world begins."""

AS_IT_COMES = instant("2100-01-01")
"""A time that R3 brings back to the now of the moment the message is decided."""


def grant(
    amount: int,
    grant: str | None = "g",
    *,
    expires: str | datetime | None = None,
    effective: str | datetime | None = None,
    priority: int = 50,
    category: Literal["paid", "promotional"] = "paid",
    scope: Iterable[str] = (),
    external_id: str | None = None,
    **about: Unpack[About],
) -> Message:
    """A credit.grant."""
    own = {
        "amount": amount,
        "grant": grant,
        "external_id": external_id,
        "category": Category(category),
        "priority": priority,
        "effective_at": None if effective is None else instant(effective),
        "expires_at": None if expires is None else instant(expires),
        "scope": tuple(scope),
    }
    return message(GrantCredit, own, f"grant-{grant}", about)


def deduct(
    amount: int, grant: str | None = None, *, product: str | None = None, **about: Unpack[About]
) -> Message:
    """A credit.deduct, from a grant or in the order of use."""
    own = {"amount": amount, "grant": grant, "product": product}
    return message(DeductCredit, own, "deduct", about)


def invoice(
    due: int | None = None,
    invoice: str = "i",
    *,
    lines: Iterable[LineText] = (),
    status: Literal["draft", "open", "payment_pending"] = "open",
    auto_apply: bool | None = None,
    issued: str | datetime | None = None,
    **about: Unpack[About],
) -> Message:
    """An invoice.created; lines are (id, product, amount) and say what is due."""
    rows = tuple(Line(id=line, product=product, amount=amount) for line, product, amount in lines)
    own = {
        "invoice": invoice,
        "amount_due": sum(row.amount for row in rows) if due is None else due,
        "issued_at": None if issued is None else instant(issued),
        "status": status,
        "auto_apply": auto_apply,
        "lines": rows,
    }
    return message(InvoiceCreated, own, f"create-{invoice}", about)


def void(invoice: str = "i", **about: Unpack[About]) -> Message:
    """An invoice.voided."""
    return message(InvoiceVoided, {"invoice": invoice}, f"void-{invoice}", about)


_TYPES = {body: kind for kind, (body, _) in VERBS.items()}
_ENVELOPE = ("id", "source", "at")


def message(kind: type[Body], own: dict[str, Any], default_id: str, about: About) -> Message:
    """A well-formed message, as the codec would make it."""
    fields: dict[str, Any] = {"customer": ACME.customer, "currency": ACME.currency}
    fields |= {name: value for name, value in about.items() if name not in _ENVELOPE}
    body = kind(**fields, **own)
    problem = body.malformed()
    assert problem is None, problem
    cause = Cause(about.get("source", "billing"), about.get("id", default_id), _TYPES[kind])
    return Message(
        cause=cause,
        time=instant(about.get("at", AS_IT_COMES)),
        body=body,
        digests=digests(cause.type, cause.id, body),
        raw=repr((cause, body)).encode(),
    )
