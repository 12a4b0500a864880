"""What is no message, and the sentence that its sender gets."""

from __future__ import annotations

from typing import Any

from tests.worker.codec_cases import ABSENT, encoded, event, with_data
from tests.worker.codec_kinds import BAD

_MONEY = "must be an integer of minor units or a string with exactly 2 decimals, not"
_NAME = "must be text of 1 to 255 bytes without control characters, not"
_INSTANT = "must be an instant with an offset as RFC 3339 has it, such as 2026-01-31T09:30:00Z, not"
_RANGE = "must be from 1 to 1000000000000000 minor units, not"
_SIGN = "must be written without a sign when it is nothing, not"
_UNFIT = "must not contain NUL or lone surrogates"

BYTES: list[tuple[str, bytes, str, str | None]] = [
    ("empty", b"", "not JSON: Expecting value at line 1 column 1", None),
    ("words", b"hello", "not JSON: Expecting value at line 1 column 1", None),
    ("cut off", b'{"id": "m-1"', "not JSON: Expecting ',' delimiter at line 1 column 13", None),
    ("two values", b"{}{}", "not JSON: Extra data at line 1 column 3", None),
    ("raw control", b'"\n"', "not JSON: Invalid control character at line 1 column 2", None),
    ("not UTF-8", b'{"id":"\xff"}', "not UTF-8: byte 8 cannot be read", None),
    ("surrogate bytes", b'"\xed\xa0\x80"', "not UTF-8: byte 2 cannot be read", None),
    ("UTF-16", '{"id":"m"}'.encode("utf-16"), "not UTF-8: byte 1 cannot be read", None),
    (
        "byte order mark",
        b"\xef\xbb\xbf" + encoded(event()),
        "starts with a byte order mark: send UTF-8 without one",
        None,
    ),
    ("array", b"[]", "must be a JSON object, a CloudEvent", None),
    ("string", b'"credit.grant"', "must be a JSON object, a CloudEvent", None),
    ("null", b"null", "must be a JSON object, a CloudEvent", None),
    ("number", b"1", "must be a JSON object, a CloudEvent", None),
    (
        "10 MB",
        b'"' + b"x" * 10_000_000 + b'"',
        "too large: 10000002 bytes, and at most 262144 are read",
        None,
    ),
    ("deep arrays", b"[" * 100_000 + b"]" * 100_000, "nested too deeply to be read", None),
    ("deep objects", b'{"":' * 50_000 + b"1", "nested too deeply to be read", None),
    ("NaN", with_data('{"amount":NaN}'), "not JSON: NaN is no JSON number", "m-1"),
    ("Infinity", with_data('{"a":-Infinity}'), "not JSON: -Infinity is no JSON number", "m-1"),
    ("1e999", with_data('{"metadata":[1e999]}'), "the number '1e999' is too large", "m-1"),
    (
        "endless integer",
        with_data('{"amount":' + "9" * 5_000 + "}"),
        "not JSON that can be read: a number has too many digits",
        None,
    ),
    (
        "duplicate key",
        with_data('{"amount":1,"amount":1}'),
        "the key 'amount' stands twice in one object",
        "m-1",
    ),
    (
        "duplicate key far below",
        with_data('{"metadata":{"a":[{"b":1,"c":2,"b":3}]}}'),
        "the key 'b' stands twice in one object",
        "m-1",
    ),
    ("two ids", b'{"id":"a","id":"b"}', "the key 'id' stands twice in one object", None),
    ("NUL", with_data(r'{"note":"a\u0000b"}'), f"data.note: text {_UNFIT}", "m-1"),
    ("surrogate", with_data(r'{"tags":["\ud800"]}'), f"data.tags[0]: text {_UNFIT}", "m-1"),
    ("unfit key", with_data(r'{"\udc00":1}'), rf"the key '\udc00' {_UNFIT}", "m-1"),
    ("unfit id", rb'{"id":"\u0000"}', f"id: text {_UNFIT}", None),
    ("unfit text alone", rb'"\ud800"', f"text {_UNFIT}", None),
]
"""Name, bytes, reason, message id."""

ENVELOPE: list[tuple[dict[str, Any], str]] = [
    ({"specversion": ABSENT}, "specversion: required"),
    ({"specversion": "0.3"}, "specversion: must be '1.0', not '0.3'"),
    ({"specversion": 1.0}, "specversion: must be '1.0', not a float"),
    ({"source": ABSENT}, "source: required"),
    ({"source": ""}, "source: must be text of 1 to 1024 bytes without control characters, not ''"),
    ({"source": "x" * 1_025}, "source: must be text of 1 to 1024 bytes"),
    ({"type": ABSENT}, "type: required"),
    ({"type": ["credit.grant"]}, f"type: {_NAME} an array"),
    (
        {"type": "credit.grnt"},
        "type: unknown message type 'credit.grnt'; did you mean credit.grant?",
    ),
    ({"type": "order.shipped"}, "type: unknown message type 'order.shipped'"),
    ({"time": ABSENT}, "time: required"),
    ({"time": "2026-01-31T12:00:00"}, f"time: {_INSTANT} '2026-01-31T12:00:00'"),
    ({"time": 1769860800}, f"time: {_INSTANT} 1769860800"),
    ({"time": None}, f"time: {_INSTANT} null"),
    ({"data": ABSENT}, "data: required"),
    ({"data": [1]}, "data: must be an object, not an array"),
    ({"data": None}, "data: must be an object, not null"),
    (
        {"data": ABSENT, "data_base64": "e30="},
        "data_base64: not supported; send data as a JSON object",
    ),
    ({"datacontenttype": "text/xml"}, "datacontenttype: must be application/json"),
    ({"datacontenttype": 1}, "datacontenttype: must be application/json"),
    ({"trace": 1.5}, "trace: must be a string, an integer, true or false"),
    ({"trace": {"a": 1}, "a b": []}, "'a b': must be a string, an integer, true or false"),
]
"""Changes to an envelope whose id stays readable, reason."""

IDS: list[tuple[Any, str]] = [
    (ABSENT, "id: required"),
    ("", f"id: {_NAME} ''"),
    (5, f"id: {_NAME} 5"),
    (None, f"id: {_NAME} null"),
    ("x" * 256, f"id: {_NAME} 'xxx"),
    ("é" * 128, f"id: {_NAME} 'ééé"),
    ("a\nb", rf"id: {_NAME} 'a\nb'"),
    ("a\x7fb", rf"id: {_NAME} 'a\x7fb'"),
    ("a\x85b", rf"id: {_NAME} 'a\x85b'"),
]

_WRONG_AMOUNTS = ["12.505", "12.5", "12", " 12.50", "12.50 ", "1e3", "+1.00", "1,000.00", ".50"]
_WRONG_AMOUNTS += ["012.50", "१२.५०", "", "NaN"]
_NO_INSTANTS = ["2026-01-31", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z", "20260131T120000Z"]
_NO_INSTANTS += ["1769860800", "2026-02-29T00:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T12:00Z"]
_NO_INSTANTS += ["2026-01-31T12:00:00+24:00", "2026-01-31T12:00:00+01", "0000-01-01T00:00:00Z"]
_NO_INSTANTS += ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "tomorrow"]

DATA: list[tuple[str, dict[str, Any], str]] = [
    *[
        ("credit.grant", {"amount": text}, f"data.amount: {_MONEY} {text!r}")
        for text in _WRONG_AMOUNTS
    ],
    *[
        ("credit.grant", {"expires_at": text}, f"data.expires_at: {_INSTANT} {text!r}")
        for text in _NO_INSTANTS
    ],
    ("credit.grant", {"expires_at": 1769860800}, f"data.expires_at: {_INSTANT} 1769860800"),
    (
        "credit.grant",
        {"expires_at": "2026-06-30T23:59:60Z"},
        "data.expires_at: a leap second cannot be kept; send second 59",
    ),
    ("credit.grant", {"amount": 12.5}, f"data.amount: {_MONEY} a float"),
    ("credit.grant", {"amount": 1250.0}, f"data.amount: {_MONEY} a float"),
    ("credit.grant", {"amount": True}, f"data.amount: {_MONEY} true"),
    ("credit.grant", {"amount": None}, f"data.amount: {_MONEY} null"),
    ("credit.grant", {"amount": ABSENT}, "data.amount: required"),
    ("credit.grant", {"amount": 0}, f"data.amount: {_RANGE} 0"),
    ("credit.grant", {"amount": "0.00"}, f"data.amount: {_RANGE} '0.00'"),
    ("credit.grant", {"amount": -1}, f"data.amount: {_RANGE} -1"),
    ("credit.grant", {"amount": "-0.01"}, f"data.amount: {_RANGE} '-0.01'"),
    ("credit.grant", {"amount": 10**15 + 1}, f"data.amount: {_RANGE} 1000000000000001"),
    ("credit.grant", {"amount": 10**4_000}, f"data.amount: {_RANGE} 1" + "0" * 36 + "..."),
    (
        "credit.grant",
        {"amount": "10000000000000.01"},
        f"data.amount: {_RANGE} '10000000000000.01'",
    ),
    ("invoice.created", {"amount_due": -1}, "data.amount_due: must be from 0 to"),
    ("credit.grant", {"amount": "-0.00"}, f"data.amount: {_RANGE} '-0.00'"),
    ("invoice.created", {"amount_due": "-0.00"}, f"data.amount_due: {_SIGN} '-0.00'"),
    ("invoice.created", {"currency": "JPY", "amount_due": "-0"}, f"data.amount_due: {_SIGN} '-0'"),
    (
        "credit.grant",
        {"currency": "JPY", "amount": "500.00"},
        "data.amount: must be an integer of minor units or a string with no decimals, not '500.00'",
    ),
    ("credit.grant", {"currency": ABSENT, "amount": "1.00"}, "data.currency: required"),
    ("credit.grant", {"currency": ["USD"]}, f"data.currency: {_NAME} an array"),
    ("credit.grant", {"customer": ABSENT}, "data.customer: required"),
    ("credit.grant", {"customer": None}, f"data.customer: {_NAME} null"),
    ("credit.grant", {"tenant": ""}, f"data.tenant: {_NAME} ''"),
    (
        "credit.grant",
        {"amount": ABSENT, "amuont": 1},
        "data.amount: required; data.amuont: unknown field; did you mean amount?",
    ),
    ("credit.grant", {"zzz": None}, "data.zzz: unknown field"),
    ("credit.grant", {"a\nb": 1}, r"data.'a\nb': unknown field"),
    ("credit.deduct", {"scope": ["a"]}, "data.scope: unknown field"),
    ("credit.grant", {"category": "free"}, "data.category: must be 'paid' or 'promotional', not"),
    ("credit.grant", {"priority": "5"}, "data.priority: must be an integer from 0 to 100, not '5'"),
    ("credit.grant", {"priority": True}, "data.priority: must be an integer from 0 to 100, not tr"),
    ("credit.grant", {"priority": 1.0}, "data.priority: must be an integer from 0 to 100, not a f"),
    ("credit.grant", {"priority": 101}, "data.priority: must be an integer from 0 to 100, not 101"),
    ("credit.grant", {"scope": "api"}, "data.scope: must be an array, not 'api'"),
    ("credit.grant", {"scope": {"a": 1}}, "data.scope: must be an array, not an object"),
    ("credit.grant", {"scope": ["a", None]}, f"data.scope[1]: {_NAME} null"),
    ("credit.grant", {"note": "x" * 2_001}, "data.note: must be text of at most 2000 characters"),
    ("credit.grant", {"note": 5}, "data.note: must be text of at most 2000 characters, not 5"),
    ("credit.grant", {"metadata": []}, "data.metadata: must be an object, not an array"),
    (
        "credit.grant",
        {"metadata": {"k": "é" * 509}},
        "data.metadata: must be at most 1024 bytes of JSON without white space",
    ),
    ("credit.grant", {"created_by": 5}, "data.created_by: must be an object, not 5"),
    ("credit.grant", {"created_by": ""}, f"data.created_by.id: {_NAME} ''"),
    (
        "credit.grant",
        {"created_by": {"type": "robot", "id": "r"}},
        "data.created_by.type: must be 'user' or 'system', not 'robot'",
    ),
    (
        "credit.grant",
        {"tags": [{"key": "k", "value": "v"}, {"key": "k", "vaule": "v"}]},
        "data.tags[1].value: required; data.tags[1].vaule: unknown field; did you mean value?",
    ),
    (
        "credit.grant",
        {"line_items": [{"id": "1", "amount": 1}]},
        "data.line_items: they sum to 1, but data.amount is 1250",
    ),
    (
        "credit.grant",
        {"line_items": [{"id": "1", "amount": 1.5}]},
        "data.line_items[0].amount: must",
    ),
    (
        "invoice.created",
        {"lines": [{"id": "1", "amount": "12.51"}]},
        "data.lines: they sum to 1251, but data.amount_due is 1250",
    ),
    ("invoice.created", {"lines": [{"id": "1"}]}, "data.lines[0].amount: required"),
    ("invoice.created", {"lines": [5]}, "data.lines[0]: must be an object, not 5"),
    ("invoice.created", {"auto_apply": "yes"}, "data.auto_apply: must be true or false, not 'yes'"),
    ("invoice.created", {"auto_apply": 1}, "data.auto_apply: must be true or false, not 1"),
    ("invoice.created", {"status": "paid"}, "data.status: must be 'draft', 'open' or"),
    ("invoice.voided", {"invoice": ABSENT}, "data.invoice: required"),
    *BAD,
]
"""Type, changes to its least data, reason."""
