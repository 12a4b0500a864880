"""A short story, and what may be done to what it left: which promise shows it, and where."""

from __future__ import annotations

from collections.abc import Callable

from tests.cli.messages import FUTURE, line

Entry = tuple[bytes, dict[bytes, bytes]]

STORY = [
    line("tenant.configure", "c1", customer="boss", late_window=60),
    line("credit.grant", "g1", amount=500, grant="a", expires_at=FUTURE),
    line("credit.grant", "b1", amount=70, customer="bob"),
    line("credit.hold", "h1", hold="h", amount=100),
    line("invoice.created", "i1", invoice="INV", amount_due=300),
    line("credit.transfer", "t1", transfer="t", to_customer="bob", amount=50),
    line("credit.deduct", "d1", amount=20, customer="bob"),
    line("credit.amend", "a1", grant="a", priority=7),
    line("credit.deduct", "d2", amount=9_000),
    line("credit.deduct", "d1", amount=20, customer="bob"),
    line("credit.deduct", "d1", amount=21, customer="bob"),
    b"nonsense",
    line("credit.release", "r1", hold="h"),
]

HARM = [
    ("UPDATE receipts SET business_at = business_at - interval '1 s' WHERE id = 'i1'",
     "I9", "receipt shop i1"),
    ("UPDATE receipts SET outcome = 'applied', reason = NULL WHERE id = 'd2'",
     "I9", "receipt shop d2"),
    ("UPDATE entries SET context = 'x' WHERE cause_id = 'i1'", "I9", "seq 2"),
    ("UPDATE grants SET priority = 3 WHERE grant_id = 'a'", "I9", "grant a"),
    ("UPDATE invoices SET status = 'paid'", "I9", "invoice INV"),
    ("UPDATE holds SET until = until + 1", "I9", "hold h"),
    ("UPDATE transfers SET amount = 51", "I9", "transfer t"),
    ("UPDATE amendments SET priority_before = 3", "I9", "amendment a 1"),
    ("UPDATE accounts SET plan = 'gold' WHERE customer = 'bob'", "I9", "account"),
    ("UPDATE tenants SET settings = '{\"late_window\": 61}'", "I9", "receipt shop c1"),
    ("DELETE FROM receipts WHERE id = 'd2'", "I1", "message shop d2"),
    ("UPDATE receipts SET repeats = 0", "I2", "receipt shop d1"),
    ("UPDATE receipts SET conflicts = 0", "I2", "receipt shop d1"),
    ("UPDATE receipts SET conflicts = 1 WHERE id = 'i1'", "I2", "receipt shop i1"),
    ("UPDATE entries SET cause_id = 'd1' WHERE cause_id = 'b1'", "I2", "receipt shop d1"),
    ("DELETE FROM quarantine WHERE reason LIKE 'conflict%'", "I13", "quarantine "),
    ("DELETE FROM quarantine WHERE message_id IS NULL", "I13", "quarantine "),
    ("INSERT INTO quarantine (digest, raw, reason) VALUES ('x', 'x', 'no')",
     "I13", "quarantine 78"),
    ("UPDATE accounts SET event_seq = event_seq + 1 WHERE customer = 'bob'", "I11", "event 4"),
    ("UPDATE receipts SET event_seq = 4 WHERE id = 'd2'", "I12", "receipt shop d2"),
    ("UPDATE receipts SET event_seq = 6 WHERE id = 'd2'", "I12", "event 5"),
    ("UPDATE receipts SET event_seq = 4 WHERE id = 'r1'", "I12", "receipt shop r1"),
    ("UPDATE grants SET is_announced = true WHERE grant_id = 'a'", "I12", "account"),
    ("UPDATE accounts SET event_seq = 2 WHERE customer = 'bob'", "I12", "account"),
]  # fmt: skip


def without(number: int) -> Callable[[list[Entry]], list[Entry]]:
    return lambda events: events[:number] + events[number + 1 or len(events) :]


def changed(events: list[Entry]) -> list[Entry]:
    name, fields = events[1]
    return [events[0], (name, {b"event": fields[b"event"].replace(b'":70', b'":71')}), *events[2:]]


def without_quarantined(events: list[Entry]) -> list[Entry]:
    return [event for event in events if b"message.quarantined" not in event[1][b"event"]]
