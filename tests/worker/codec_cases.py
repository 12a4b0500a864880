"""Messages, good and bad, with what the codec must make of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from domain.bill import Line
from domain.deductions import DeductCredit
from domain.grants import GrantCredit, LineItem
from domain.invoices import InvoiceCreated
from domain.messages import Body, CreatedBy, Tag
from domain.vocabulary import Category
from domain.voids import InvoiceVoided
from tests.worker.codec_kinds import KINDS

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
ABSENT = object()
"""A changed field with this value is left out."""

ACCOUNT = {"customer": "cus_1", "currency": "USD"}
LEAST: dict[str, dict[str, Any]] = {
    "credit.grant": {**ACCOUNT, "amount": 1250},
    "credit.deduct": {**ACCOUNT, "amount": 1250},
    "invoice.created": {**ACCOUNT, "invoice": "inv_1", "amount_due": 1250},
    "invoice.voided": {**ACCOUNT, "invoice": "inv_1"},
    **{kind: {**ACCOUNT, **least} for kind, _, least, _, _ in KINDS},
}
"""For each type the smallest data that is well-formed."""


def changed(whole: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**whole, **changes}.items() if value is not ABSENT}


def event(kind: str = "credit.grant", /, **changes: Any) -> dict[str, Any]:
    """An envelope around the least data of its type, with changes to the data."""
    return {
        "specversion": "1.0",
        "id": "m-1",
        "source": "/billing",
        "type": kind,
        "time": "2026-01-31T12:00:00Z",
        "data": changed(LEAST[kind], changes),
    }


def encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def with_data(text: str) -> bytes:
    """A grant with its data as JSON text, for what no Python value can say."""
    return encoded(event()).replace(encoded(LEAST["credit.grant"]), text.encode())


_SAID: dict[str, Any] = {
    "tenant": "acme",
    "created_by": {"type": "system", "id": "billing"},
    "note": "two\nlines",
    "reason": "goodwill",
    "metadata": {"weight": 1.5, "nothing": None, "list": [1, {"deep": True}]},
    "tags": [{"key": "team", "value": "emea"}],
}
_HEARD: dict[str, Any] = {
    **ACCOUNT,
    **_SAID,
    "created_by": CreatedBy(id="billing", type="system"),
    "tags": (Tag(key="team", value="emea"),),
}

FULL: list[tuple[str, dict[str, Any], Body]] = [
    (
        "credit.grant",
        {
            **_SAID,
            "amount": "12.50",
            "grant": "g-1",
            "external_id": "x-1",
            "category": "promotional",
            "priority": 0,
            "effective_at": "2026-01-31T14:00:00+02:00",
            "expires_at": "2026-01-31T12:00:00.1234569Z",
            "scope": ["api", "storage"],
            "memo": "welcome",
            "sent_at": "2026-01-31t12:00:00z",
            "reference_number": "R-7",
            "line_items": [
                {"id": "1", "amount": "20.00", "ledger_account": "4000", "memo": "a"},
                {"id": "2", "amount": -750, "metadata": {"k": "v"}},
            ],
        },
        GrantCredit(
            **_HEARD,
            amount=1250,
            grant="g-1",
            external_id="x-1",
            category=Category.PROMOTIONAL,
            priority=0,
            effective_at=NOON,
            expires_at=NOON.replace(microsecond=123456),
            scope=("api", "storage"),
            memo="welcome",
            sent_at=NOON,
            reference_number="R-7",
            line_items=(
                LineItem(id="1", amount=2000, ledger_account="4000", memo="a"),
                LineItem(id="2", amount=-750, metadata={"k": "v"}),
            ),
        ),
    ),
    (
        "credit.deduct",
        {**_SAID, "amount": 10**15, "grant": "g-1", "product": "api"},
        DeductCredit(**_HEARD, amount=10**15, grant="g-1", product="api"),
    ),
    (
        "invoice.created",
        {
            **_SAID,
            "invoice": "inv_1",
            "amount_due": "10.00",
            "issued_at": "2026-01-31T12:00:00Z",
            "status": "draft",
            "auto_apply": False,
            "lines": [
                {"id": "1", "amount": 1100, "product": "api"},
                {"id": "2", "amount": "-1.00"},
            ],
        },
        InvoiceCreated(
            **_HEARD,
            invoice="inv_1",
            amount_due=1000,
            issued_at=NOON,
            status="draft",
            auto_apply=False,
            lines=(Line(id="1", amount=1100, product="api"), Line(id="2", amount=-100)),
        ),
    ),
    ("invoice.voided", _SAID, InvoiceVoided(**_HEARD, invoice="inv_1")),
    *[
        (kind, {**_SAID, **said}, body(**{**_HEARD, **least, **heard}))
        for kind, body, least, said, heard in KINDS
    ],
]
"""Every type with every field: data as sent, body as understood."""

_GRANT, _INVOICE = "credit.grant", "invoice.created"
EQUAL: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (_GRANT, {"amount": "12.50"}, {"amount": 1250}),
    (_GRANT, {"currency": "JPY", "amount": "500"}, {"currency": "JPY", "amount": 500}),
    (_GRANT, {"currency": "KWD", "amount": "0.001"}, {"currency": "KWD", "amount": 1}),
    (_GRANT, {"currency": "CLF", "amount": "1.0000"}, {"currency": "CLF", "amount": 10_000}),
    (_INVOICE, {"amount_due": "0.00"}, {"amount_due": 0}),
    (
        _GRANT,
        {"expires_at": "2026-03-01T02:00:00+02:00"},
        {"expires_at": "2026-03-01T00:00:00.000Z"},
    ),
    (
        _GRANT,
        {"expires_at": "2026-02-28T19:00:00.1234560-05:00"},
        {"expires_at": "2026-03-01T00:00:00.1234569Z"},
    ),
    (_GRANT, {"created_by": "ann"}, {"created_by": {"type": "user", "id": "ann"}}),
    (_GRANT, {"created_by": {"id": "ann", "type": None}}, {"created_by": "ann"}),
    (_GRANT, {"tenant": "default", "category": "paid", "priority": 50}, {}),
    (_GRANT, {"scope": [], "line_items": [], "tags": []}, {}),
    (_GRANT, {"tenant": None, "category": None, "priority": None, "scope": None}, {}),
    (_GRANT, {"created_by": None, "note": None, "metadata": None, "expires_at": None}, {}),
    (_INVOICE, {"status": "open", "lines": [], "auto_apply": None}, {"status": None}),
    (_GRANT, {"grant": "m-1"}, {}),
    (_GRANT, {"metadata": {"a": 1, "b": 2}}, {"metadata": {"b": 2, "a": 1}}),
]
"""Two ways to say the same: the body digests are equal (R20)."""

DIFFERENT: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (_GRANT, {"amount": "12.50"}, {"amount": 125_000}),
    (_GRANT, {"created_by": "ann"}, {"created_by": {"type": "system", "id": "ann"}}),
    (_GRANT, {"scope": ["a", "b"]}, {"scope": ["b", "a"]}),
    (_GRANT, {"note": ""}, {}),
    (_GRANT, {"grant": "g-1"}, {}),
    (_INVOICE, {"auto_apply": True}, {}),
]
