"""What the database holds by itself, whoever writes: one planted row per check."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

ACCOUNT = "00000000-0000-0000-0000-000000000001"

ACCOUNT_ROW = {
    "account_id": ACCOUNT,
    "bucket": 0,
    "tenant": "t",
    "customer": "c",
    "currency": "USD",
    "balance": 500,
    "seq": 1,
}
ENTRY_ROW = {
    "account_id": ACCOUNT,
    "seq": 1,
    "kind": "grant",
    "amount": 500,
    "balance": 500,
    "allocations": '[["g", null, 500]]',
    "reverses": "{}",
    "cause_source": "/s",
    "cause_id": "m",
    "cause_type": "credit.grant",
    "order_profile": "standard/1",
    "recorded_at": "2026-01-01Z",
    "dated_at": "2026-01-01Z",
    "hash": bytes(32),
}
GRANT_ROW = {
    "account_id": ACCOUNT,
    "grant_id": "g",
    "seq": 1,
    "amount": 500,
    "remaining": 500,
    **dict.fromkeys(("used", "expired", "voided", "moved", "held"), 0),
    "category": "paid",
    "priority": 50,
    "scope": "{}",
    "is_void": False,
    "named": True,
    "terms": ACCOUNT,
}
INVOICE_ROW = {
    "account_id": ACCOUNT,
    "invoice": "i",
    "amount_due": 100,
    "applied": 0,
    "status": "open",
    "uses": "[]",
    "entries": "{}",
}
RECEIPT_ROW = {
    "account_id": ACCOUNT,
    "key": ACCOUNT,
    "source": "/s",
    "id": "m",
    "type": "credit.grant",
    "digest": ACCOUNT,
    "outcome": "applied",
    "decided_at": "2026-01-01Z",
    "business_at": "2026-01-01Z",
    "event_seq": 0,
    "repeats": 0,
    "conflicts": 0,
}
TERMS = {"account_id": ACCOUNT, "terms": ACCOUNT}
HOLD_ROW = {**TERMS, "hold": "h", "lots": '[["g", null, 500]]', "since": 1, "until": None}
TRANSFER_ROW = {**TERMS, "transfer": "t", "to_customer": "d", "amount": 100, "seq": 1}
WRITEOFF_ROW = {
    **TERMS,
    "writeoff": "w",
    "invoice": "i",
    "amount": 100,
    "seq": 1,
    "is_reversed": False,
}
RETURNED_ROW = {"account_id": ACCOUNT, "seq": 1, "amount": 100}
AMENDMENT_ROW = {
    "account_id": ACCOUNT,
    "grant_id": "g",
    "number": 1,
    "seq": 1,
    "priority_before": 0,
    "priority": 100,
    "cause_source": "/s",
    "cause_id": "m",
    "cause_type": "credit.amend",
    "recorded_at": "2026-01-01Z",
}
CLOSING_ROW = {
    "account_id": ACCOUNT,
    "seq": 1_000,
    "since": 0,
    "recorded_at": "2026-01-01Z",
    "balance": 500,
    "grants": 1,
    "open_grants": "{g}",
    "sums": '[["paid", "grant", false, 500]]',
}
GOOD: dict[str, dict[str, Any]] = {
    "accounts": ACCOUNT_ROW,
    "entries": ENTRY_ROW,
    "grants": GRANT_ROW,
    "invoices": INVOICE_ROW,
    "receipts": RECEIPT_ROW,
    "holds": HOLD_ROW,
    "transfers": TRANSFER_ROW,
    "writeoffs": WRITEOFF_ROW,
    "returned": RETURNED_ROW,
    "amendments": AMENDMENT_ROW,
    "closings": CLOSING_ROW,
}

BAD = [
    ("accounts", {"balance": -1}, "i5_balance_in_range"),
    ("accounts", {"balance": 9 * 10**15 + 1}, "i5_balance_in_range"),
    ("accounts", {"seq": -1}, "i3_counters_count"),
    ("accounts", {"head": b"short"}, "i10_head_is_a_hash"),
    ("accounts", {"low_balance": -1}, "i5_low_balance_not_negative"),
    ("entries", {"seq": 0}, "i3_seq_from_one"),
    ("entries", {"amount": 501}, "i5_balances_in_range"),
    ("entries", {"balance": -1}, "i5_balances_in_range"),
    ("entries", {"amount": 0}, "kind_gives_the_sign"),
    ("entries", {"amount": -500}, "kind_gives_the_sign"),
    ("entries", {"kind": "deduction"}, "kind_gives_the_sign"),
    ("entries", {"kind": "gift", "amount": -500}, "kind_is_known"),
    ("entries", {"hash": b""}, "i10_hash_is_a_hash"),
    ("grants", {"remaining": 499}, "i6_the_parts_sum"),
    ("grants", {"remaining": 501, "used": -1}, "i5_no_part_is_negative"),
    ("grants", {"amount": 0, "remaining": 0}, "i5_no_part_is_negative"),
    ("grants", {"held": 501}, "r17_held_is_there"),
    ("grants", {"category": "gift"}, "category_is_known"),
    ("grants", {"priority": 101}, "priority_in_range"),
    ("grants", {"amendments": -1}, "r15_amendments_count"),
    ("invoices", {"applied": 101}, "i7_applied_within_due"),
    ("invoices", {"applied": -1}, "i7_applied_within_due"),
    ("invoices", {"status": "lost"}, "status_is_known"),
    ("invoices", {"revised": -1}, "i3_revised_counts"),
    ("invoices", {"written_off": 1}, "r19_written_off_within_applied"),
    ("invoices", {"written_off": -1}, "r19_written_off_within_applied"),
    ("receipts", {"outcome": "maybe"}, "outcome_is_known"),
    ("receipts", {"outcome": "refused"}, "a_refusal_has_its_reason"),
    ("receipts", {"reason": "unknown_grant"}, "a_refusal_has_its_reason"),
    ("holds", {"lots": "[]"}, "r17_something_is_held"),
    ("holds", {"until": 0}, "r17_ends_after_it_begins"),
    ("transfers", {"amount": 0}, "r18_something_is_sent"),
    ("transfers", {"seq": 0}, "i3_seq_from_one"),
    ("writeoffs", {"amount": 0}, "r19_something_is_written_off"),
    ("writeoffs", {"seq": 0}, "i3_seq_from_one"),
    ("returned", {"amount": 0}, "r14_something_came_back"),
    ("amendments", {"number": 0}, "r15_number_from_one"),
    ("amendments", {"seq": 0}, "r15_after_an_entry"),
    ("amendments", {"priority_before": -1}, "priority_in_range"),
    ("amendments", {"priority": 101}, "priority_in_range"),
    ("closings", {"since": -1}, "i3_ends_after_it_begins"),
    ("closings", {"since": 1_000}, "i3_ends_after_it_begins"),
]


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database_url, autocommit=True) as opened:
        yield opened


def insert(connection: psycopg.Connection[Any], table: str, row: dict[str, Any]) -> None:
    columns, places = ", ".join(row), ", ".join(["%s"] * len(row))
    connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", [*row.values()])


@pytest.mark.parametrize("table", GOOD)
def test_the_good_row_is_taken_once(connection: psycopg.Connection[Any], table: str) -> None:
    insert(connection, table, GOOD[table])
    with pytest.raises(psycopg.errors.UniqueViolation):
        insert(connection, table, GOOD[table])


def test_every_check_has_its_bad_row(connection: psycopg.Connection[Any]) -> None:
    checks = """SELECT conrelid::regclass::text, conname::text FROM pg_constraint
                WHERE contype = 'c' AND connamespace = 'public'::regnamespace
                  AND conrelid <> 'quarantine'::regclass"""
    assert set(connection.execute(checks)) == {(table, name) for table, _, name in BAD}


@pytest.mark.parametrize(("table", "change", "constraint"), BAD)
def test_a_bad_row_is_refused_by_name(
    connection: psycopg.Connection[Any], table: str, change: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        insert(connection, table, {**GOOD[table], **change})
    assert refused.value.diag.constraint_name == constraint


@pytest.mark.parametrize(
    "statement",
    ["UPDATE entries SET amount = 1", "DELETE FROM entries", "TRUNCATE entries"],
)
def test_entries_are_never_changed(connection: psycopg.Connection[Any], statement: str) -> None:
    """I10: not even by the owner, without taking the trigger off first."""
    insert(connection, "entries", ENTRY_ROW)
    with pytest.raises(psycopg.errors.RaiseException, match="I10"):
        connection.execute(statement)


def test_an_external_id_names_one_grant(connection: psycopg.Connection[Any]) -> None:
    """R7."""
    insert(connection, "grants", {**GRANT_ROW, "external_id": "x"})
    with pytest.raises(psycopg.errors.UniqueViolation):
        insert(connection, "grants", {**GRANT_ROW, "grant_id": "h", "external_id": "x"})
