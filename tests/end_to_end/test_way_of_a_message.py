"""From XADD to the ledger and the event stream, on everything that production runs."""

from __future__ import annotations

from hashlib import sha256

import pytest

from tests.end_to_end.messages import event, grant, invoice
from tests.end_to_end.outsider import INTAKE, Outsider, event_violations

BAD = (
    b"",
    b"not json",
    b"[1, 2]",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"id": 1, "id": 2}',
    b'{"specversion": "1.0"}',
    b"x" * 300_000,
    event("credit.grant", "bad", amount=12.5),
    event("credit.grant", "bad", amount=0),
    event("credit.grant", "bad", amount=100, colour="red"),
    event("credit.grant", "bad", amount=10**16),
    event("credit.borrow", "bad", amount=100),
    event("credit.grant", "bad\x00", amount=100),
    event("credit.grant", "bad", amount=100).replace(b"USD", b"usd"),
)


def test_a_grant_pays_an_invoice_and_tells_everyone(running: Outsider) -> None:
    """What README promises in its first paragraph."""
    running.publish(grant("ann", 1_000, message_id="g1"), invoice("ann", "inv1", 700))
    running.wait_until_quiet()

    sql = "SELECT seq, kind, amount, balance, invoice FROM ledger WHERE customer = %s ORDER BY seq"
    assert running.ask(sql, "ann") == [
        (1, "grant", 1_000, 1_000, None),
        (2, "application", -700, 300, "inv1"),
    ]
    events = running.events("ann")
    assert [(e["type"], e["data"]["event_seq"]) for e in events] == [
        ("credit.balance_changed", 1),
        ("credit.balance_changed", 2),
        ("invoice.credited", 3),
    ]
    assert events[0]["data"]["cause"]["id"] == "g1"
    assert events[1]["data"]["available"] == 300
    assert (events[2]["data"]["applied"], events[2]["data"]["due"]) == (700, 0)
    assert event_violations(events, {("shop", "ann"): 3}) == []


def test_a_unit_of_the_tenants_own_is_declared_and_used(running: Outsider) -> None:
    """Also in one batch, and what came before its declaration is kept for later."""
    unit = {"currency": "CREDITS"}
    early = event("credit.grant", "uma", message_id="early", amount="1.50", **unit)
    running.publish(
        early,
        event("tenant.configure", "uma", units={"CREDITS": 2}),
        event("credit.grant", "uma", amount="12.50", **unit),
        event("invoice.created", "uma", invoice="u1", amount_due="3.00", **unit),
        event("credit.grant", "uma", message_id="wrong", amount="1.500", **unit),
    )
    running.wait_until_quiet()
    sql = "SELECT currency, balance FROM balance WHERE customer = 'uma' ORDER BY currency"
    assert running.ask(sql) == [("CREDITS", 950), ("USD", 0)]
    aside = "SELECT message_id FROM quarantine WHERE message_id IN ('early', 'wrong') ORDER BY 1"
    assert running.ask(aside) == [("early",), ("wrong",)]


def test_a_repeat_changes_nothing_and_a_conflict_is_set_aside(running: Outsider) -> None:
    """R20 on the real stream, within a batch and across batches."""
    first = grant("rep", 500, message_id="once")
    conflict = grant("rep", 501, message_id="once")
    running.publish(first, first)
    running.wait_until_quiet()
    running.publish(first, conflict)
    running.wait_until_quiet()

    assert running.ask("SELECT balance, seq FROM balance WHERE customer = 'rep'") == [(500, 1)]
    counted = running.ask("SELECT repeats, conflicts FROM receipts WHERE id = 'once'")
    assert counted == [(2, 1)]
    raw = running.ask("SELECT raw FROM quarantine WHERE message_id = 'once'")
    assert raw == [(conflict,)]


@pytest.mark.parametrize("bad", BAD, ids=lambda body: repr(body[-40:]))
def test_what_cannot_be_understood_is_kept_whole_and_blocks_nobody(
    running: Outsider, bad: bytes
) -> None:
    """R21: the raw bytes with a reason, and the message behind is decided."""
    customer = f"behind-{sha256(bad).hexdigest()[:8]}"
    running.publish(bad, bad, grant(customer, 5))
    running.wait_until_quiet()

    digest = sha256(bad).digest()
    sql = "SELECT raw, reason FROM quarantine WHERE digest = %s AND state = 'held'"
    ((raw, reason),) = running.ask(sql, digest)
    assert raw == bad
    assert reason
    assert running.ask("SELECT balance FROM balance WHERE customer = %s", customer) == [(5,)]
    told = [e["data"] for e in running.events() if e["type"] == "message.quarantined"]
    assert {"reason": reason, "digest": digest.hex()} in told


def test_an_entry_without_the_field_is_kept_too(running: Outsider) -> None:
    """Any client can write any field to a stream."""
    running.redis.xadd(INTAKE, {"evnt": "oops", "n": "1"})
    running.publish(grant("behind-field", 5))
    running.wait_until_quiet()

    digest = sha256(b"evnt=oops\nn=1").digest()
    assert running.ask("SELECT count(*) FROM quarantine WHERE digest = %s", digest) == [(1,)]
    assert running.ask("SELECT balance FROM balance WHERE customer = 'behind-field'") == [(5,)]
