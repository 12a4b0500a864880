"""What scrip publishes: one numbered story per account."""

from hashlib import sha256

from tests.builders import ACME, deduct, grant, invoice, void
from tests.world import World


def test_a_changed_balance_is_told_with_its_entries() -> None:
    """credit.balance_changed has everything that a subscriber needs to follow the ledger."""
    world = World().given(grant(500, expires="2026-02-01"), grant(100, "w", effective="2026-02-01"))
    (data,) = world.when(deduct(300, id="d1")).told("credit.balance_changed")
    assert data == {
        "tenant": "default",
        "customer": "acme",
        "currency": "USD",
        "event_seq": 3,
        "balance": 300,
        "available": 200,
        "balance_before": 600,
        "seq_first": 3,
        "seq_last": 3,
        "cause": {"source": "billing", "id": "d1", "type": "credit.deduct"},
        "entries": [
            {
                "seq": 3,
                "kind": "deduction",
                "amount": -300,
                "balance": 300,
                "invoice": None,
                "reverses": [],
                "allocations": [{"grant": "g", "line": None, "amount": 300}],
            }
        ],
    }


def test_two_entries_of_one_message_are_told_together() -> None:
    """credit.balance_changed is one event per message, over all its entries."""
    world = World().given(grant(500, expires="2026-02-01"), invoice(300)).at("2026-02-03")
    (data,) = world.when(void()).told("credit.balance_changed")
    assert (data["balance_before"], data["balance"]) == (200, 200)
    assert (data["seq_first"], data["seq_last"], data["available"]) == (3, 4, 0)
    assert [entry["kind"] for entry in data["entries"]] == ["reversal", "expiry"]
    assert data["entries"][0]["reverses"] == [2]


def test_an_invoice_is_told_of_even_when_nothing_was_applied() -> None:
    """invoice.credited follows every accepted invoice message."""
    seen = World().when(invoice(300))
    (event,) = seen.events
    assert event["type"] == "invoice.credited"
    told = {
        name: event["data"][name] for name in ("invoice", "amount_due", "applied", "due", "why")
    }
    assert told == {
        "invoice": "i",
        "amount_due": 300,
        "applied": 0,
        "due": 300,
        "why": "no_credit",
    }


def test_the_balance_is_told_before_the_invoice() -> None:
    """One message, two events, always in this order."""
    seen = World().given(grant(500)).when(invoice(300))
    kinds = [event["type"] for event in seen.events]
    assert kinds == ["credit.balance_changed", "invoice.credited"]
    assert [event["data"]["event_seq"] for event in seen.events] == [2, 3]


def test_a_void_invoice_is_told_with_nothing_applied_and_nothing_due() -> None:
    """invoice.credited follows every change to an application."""
    (data,) = World().given(grant(500), invoice(300)).when(void()).told("invoice.credited")
    assert (data["applied"], data["due"], data["why"]) == (0, 0, "voided")


def test_a_refusal_is_told_with_its_reason() -> None:
    """R21: message.refused names the message and why."""
    (event,) = World().when(deduct(100, id="d1")).events
    assert event["type"] == "message.refused"
    data = event["data"]
    assert (data["source"], data["id"], data["reason"]) == ("billing", "d1", "insufficient_credit")


def test_event_numbers_have_no_holes_within_an_account() -> None:
    """I12: 1..n, whatever the events are of, and whatever other accounts do."""
    world = World()
    world.when(grant(500, expires="2026-02-01"), grant(5, customer="other"), invoice(300))
    world.when(deduct(900), grant(500, expires="2026-02-01"), deduct(1, customer="other"), void())
    world.at("2026-02-05").expire()
    seen = world.when(grant(1, "last"))
    assert seen.told("credit.balance_changed")[0]["event_seq"] == 8


def test_an_event_id_follows_from_the_account_and_the_number() -> None:
    """A repeat has the same id: it is a hash of account_id and event_seq."""
    account = sha256(b"\0\0\0\7default\0\0\0\4acme\0\0\0\3USD").digest()[:16]
    (event,) = World().when(grant(500)).events
    assert event["id"] == sha256(account + (1).to_bytes(8, "big")).hexdigest()[:32]


def test_an_event_is_a_cloud_event() -> None:
    """CloudEvents 1.0, of the instant at which the message was decided."""
    (event,) = World().when(grant(500)).events
    assert (event["specversion"], event["source"]) == ("1.0", "scrip")
    assert event["time"] == "2026-01-15T12:00:00Z"


def test_what_is_available_leaves_out_what_cannot_be_used_now() -> None:
    """Balance and available are two numbers, also in events."""
    seen = World().when(grant(100), grant(500, "later", effective="2026-02-01"))
    told = seen.told("credit.balance_changed")
    assert [(data["balance"], data["available"]) for data in told] == [(100, 100), (600, 100)]


def test_a_repeat_and_a_conflict_tell_the_account_nothing() -> None:
    """R20: no effect."""
    world = World().given(grant(500))
    assert world.when(grant(500), grant(600)).events == []
    assert world.books(ACME).event_seq == 1
