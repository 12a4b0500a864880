"""Examples worked by hand from the rules, with the rule's number; amounts are cents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.reference.book import Data
from tests.reference.ledger import Ledger

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Life:
    """One customer's messages, one a minute from noon on unless `at` says otherwise."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.now = NOON
        self.sent = 0

    def send(self, kind: str, /, at: datetime | None = None, **data: Any) -> str:
        """`applied`, or why it was refused."""
        self.sent += 1
        self.now = max(self.now + timedelta(minutes=1), at or NOON)
        for name, value in data.items():
            data[name] = value.isoformat() if isinstance(value, datetime) else value
        data = {"customer": "ann", "currency": "USD", **data}
        envelope = {"id": f"m{self.sent}", "source": "test", "type": kind}
        self.ledger.receive({**envelope, "time": self.now.isoformat(), "data": data}, self.now)
        outcome = self.ledger.account("default", data["customer"], "USD", self.now).receipts
        receipt = outcome["test", f"m{self.sent}"]
        return receipt.reason or receipt.outcome

    def expire(self, at: datetime) -> None:
        self.now = at
        self.ledger.expire(at)

    def events(self) -> list[tuple[Any, ...]]:
        return self.ledger.log[-1][3]

    def account(self, customer: str = "ann") -> Data:
        found = self.ledger.state(self.now)["accounts"]
        return next(a for a in found if a["customer"] == customer)

    def remaining(self, customer: str = "ann") -> dict[str, int]:
        return {g["grant"]: g["remaining"] for g in self.account(customer)["grants"]}

    def rows(self, customer: str = "ann") -> list[tuple[str, int]]:
        return [(e["kind"], e["amount"]) for e in self.account(customer)["ledger"]]

    def invoice(self, name: str = "i1") -> tuple[int, int, str]:
        """Applied, due, status."""
        found = self.ledger.state(self.now)["invoices"]
        return next((i["applied"], i["due"], i["status"]) for i in found if i["invoice"] == name)


def test_r1_priority_then_expiry_then_promotional() -> None:
    life = Life()
    life.send("credit.grant", grant="a", amount="1.00", expires_at=NOON + 9 * HOUR)
    life.send("credit.grant", grant="b", amount=100, expires_at=NOON + 8 * HOUR)
    life.send("credit.grant", grant="c", amount=100, category="promotional")
    life.send("credit.grant", grant="d", amount=100, priority=10)
    assert life.send("invoice.created", invoice="i1", amount_due="2.50") == "applied"
    assert life.remaining() == {"a": 50, "b": 0, "c": 100, "d": 0}
    assert life.invoice() == (250, 0, "open")
    assert life.events() == [
        ("credit.balance_changed", 400, 150, 150),
        ("invoice.credited", "i1", 250, 250, 0, "credited"),
    ]


def test_r3_expired_credit_is_not_used_however_late_the_run_and_then_written_once() -> None:
    life = Life()
    life.send("credit.grant", grant="a", amount=100, expires_at=NOON + HOUR)
    assert life.send("credit.deduct", at=NOON + HOUR, amount=1) == "insufficient_credit"
    assert life.account()["balance"] == 100
    assert life.account()["available"] == 0
    life.expire(NOON + 2 * HOUR - timedelta(seconds=1))
    assert life.rows() == [("grant", 100)]
    life.expire(NOON + 2 * HOUR)
    life.expire(NOON + 3 * HOUR)
    assert life.rows() == [("grant", 100), ("expiry", -100)]


def test_r4_scope_line_by_line_and_discounts_take_no_credit() -> None:
    life = Life()
    life.send("credit.grant", grant="api", amount=50, scope=["api"])
    life.send("credit.grant", grant="any", amount=40)
    lines = [
        {"id": "l0", "amount": -10},
        {"id": "l1", "product": "seats", "amount": 60},
        {"id": "l2", "product": "api", "amount": 30},
    ]
    life.send("invoice.created", invoice="i1", amount_due=80, lines=lines)
    assert life.account()["ledger"][-1]["allocations"] == [
        {"grant": "api", "line": "l2", "amount": -30},
        {"grant": "any", "line": "l1", "amount": -40},
    ]
    assert life.send("credit.deduct", amount=5) == "insufficient_credit"
    assert life.send("credit.deduct", amount=5, grant="api") == "applied"


def test_r9_a_shrunk_line_gives_its_own_back_and_a_grown_one_takes_it() -> None:
    life = Life()
    life.send("credit.grant", grant="a", amount=70)
    first = [{"id": "l1", "amount": 50}, {"id": "l2", "amount": 50}]
    life.send("invoice.created", invoice="i1", amount_due=100, lines=first)
    assert life.invoice() == (70, 30, "open")
    second = [{"id": "l1", "amount": 20}, {"id": "l2", "amount": 25}]
    life.send("invoice.updated", invoice="i1", amount_due=45, lines=second, status="open")
    assert life.invoice() == (45, 0, "open")  # l1 gave 30 back, and l2 took 5 of it
    assert life.rows()[2:] == [("reversal", 30), ("application", -5)]
    assert life.remaining() == {"a": 25}


def test_r10_void_gives_back_in_reverse_and_ends_what_is_expired_at_once() -> None:
    life = Life()
    life.send("credit.grant", grant="a", amount=30, expires_at=NOON + HOUR)
    life.send("credit.grant", grant="b", amount=50)
    life.send("invoice.created", invoice="i1", amount_due=60)
    life.send("invoice.voided", at=NOON + HOUR, invoice="i1")
    assert life.rows()[-2:] == [("reversal", 60), ("expiry", -30)]
    assert [a["grant"] for a in life.account()["ledger"][-2]["allocations"]] == ["b", "a"]
    assert life.remaining() == {"a": 0, "b": 50}
    assert life.invoice() == (0, 0, "void")
    assert life.send("invoice.voided", invoice="i1") == "applied"
    assert life.send("credit.apply", invoice="i1") == "invoice_void"


def test_r11_a_grant_pays_open_invoices_oldest_first_and_alone() -> None:
    life = Life()
    life.send("account.configure", apply_to_open_invoices=True)
    life.send("invoice.created", invoice="new", amount_due=50)
    life.send("invoice.created", invoice="old", amount_due=50, issued_at=NOON - HOUR)
    life.send("credit.grant", grant="a", amount=70)
    assert life.invoice("old") == (50, 0, "open")
    assert life.invoice("new") == (20, 30, "open")
    assert life.rows() == [("grant", 70), ("application", -50), ("application", -20)]


def test_r14_no_more_is_reversed_than_is_left() -> None:
    life = Life()
    life.send("credit.grant", grant="a", amount=100)
    life.send("credit.deduct", amount=80)
    assert life.send("credit.reverse", entry=2, amount=30) == "applied"
    assert life.send("credit.reverse", entry=2, amount=51) == "exceeds_applied"
    assert life.send("credit.reverse", entry=2) == "applied"
    assert life.send("credit.reverse", entry=2, amount=1) == "already_reversed"
    assert life.send("credit.reverse", entry=1) == "unknown_entry"
    assert life.rows()[1:] == [("deduction", -80), ("reversal", 30), ("reversal", 50)]


def test_r15_r17_what_a_hold_reserves_is_voided_when_it_ends() -> None:
    life = Life()
    life.send("credit.grant", grant="a", amount=100)
    life.send("credit.hold", hold="h1", amount=60)
    assert (life.account()["balance"], life.account()["available"]) == (100, 40)
    assert life.send("credit.deduct", amount=41) == "insufficient_credit"
    assert life.send("credit.void", grant="a") == "applied"
    assert life.send("credit.capture", hold="h1", amount=61) == "insufficient_credit"
    assert life.send("credit.capture", hold="h1", amount=25) == "applied"
    assert life.rows()[1:] == [("void", -40), ("deduction", -25), ("void", -35)]
    assert life.send("credit.release", hold="h1") == "already_released"


def test_r17_reserved_credit_outlives_its_grant_until_the_hold_expires() -> None:
    life = Life()
    life.send("credit.grant", grant="a", amount=100, expires_at=NOON + HOUR)
    life.send("credit.hold", hold="h1", amount=60, expires_at=NOON + 3 * HOUR)
    life.send("credit.hold", hold="h2", amount=30, expires_at=NOON + 3 * HOUR)
    life.expire(NOON + 2 * HOUR)
    assert life.rows()[1:] == [("expiry", -10)]
    assert life.send("credit.capture", hold="h1", amount=60) == "applied"
    late = NOON + 3 * HOUR
    assert life.send("credit.capture", at=late, hold="h2", amount=1) == "already_released"
    life.expire(NOON + 4 * HOUR)
    assert life.rows()[2:] == [("deduction", -60), ("expiry", -30)]


def test_r18_lots_move_with_their_terms() -> None:
    life = Life()
    life.send("credit.grant", grant="a", amount=30, priority=10, expires_at=NOON + 5 * HOUR)
    life.send("credit.grant", grant="b", amount=40)
    transfer: dict[str, Any] = {"transfer": "t1", "to_customer": "bob", "amount": 50}
    assert life.send("credit.transfer", **transfer) == "applied"
    assert life.send("credit.transfer", **transfer) == "applied"
    assert life.send("credit.transfer", **{**transfer, "amount": 1}) == "id_conflict"
    assert life.remaining() == {"a": 0, "b": 20}
    assert life.rows("bob") == [("transfer_in", 50)]
    first, second = life.account("bob")["grants"]
    assert (first["remaining"], first["priority"], second["remaining"]) == (30, 10, 20)
    assert first["expires_at"] == "2026-03-01T17:00:00Z"


def test_r19_a_write_off_pays_the_rest_and_never_becomes_credit() -> None:
    life = Life()
    tolerances = {"basic": {"USD": "0.10"}}
    life.send("tenant.configure", tolerances=tolerances, plan="basic")
    life.send("credit.grant", grant="a", amount=50)
    life.send("invoice.created", invoice="i1", amount_due=61)
    lost: dict[str, Any] = {"invoice": "i1", "writeoff": "w1"}
    assert life.send("payment.shortfall", **lost, shortfall=12) == "exceeds_due"
    assert life.send("payment.shortfall", **lost, shortfall=11) == "above_tolerance"
    assert life.send("payment.shortfall", **lost, shortfall=10) == "applied"
    assert life.invoice() == (60, 0, "paid")
    assert life.send("writeoff.reverse", writeoff="w1") == "applied"
    assert life.send("writeoff.reverse", writeoff="w1") == "already_reversed"
    assert life.invoice() == (50, 11, "open")
    pair = [("writeoff_grant", 10), ("writeoff_application", -10)]
    assert life.rows()[2:] == [*pair, ("reversal", 10), ("void", -10)]
    assert life.remaining() == {"a": 0}


def test_r8_what_comes_before_the_create() -> None:
    life = Life()
    life.send("credit.grant", grant="a", amount=100)
    life.send("invoice.paid", invoice="i1")
    life.send("invoice.created", invoice="i1", amount_due=60)
    assert life.invoice() == (0, 0, "paid")
    assert life.events() == [("invoice.credited", "i1", 60, 0, 0, "not_open")]
    life.send("invoice.updated", invoice="i2", amount_due=30)
    life.send("invoice.created", invoice="i2", amount_due=60)
    assert life.invoice("i2") == (30, 0, "open")
    assert life.events() == [("invoice.credited", "i2", 30, 30, 0, "already_created")]
    assert life.send("invoice.created", invoice="i2", amount_due=61) == "id_conflict"
    life.send("invoice.updated", invoice="i3", amount_due=30)
    life.send("invoice.paid", invoice="i3")
    life.send("invoice.created", invoice="i3", amount_due=10)
    assert life.events() == [("invoice.credited", "i3", 30, 30, 0, "already_created")]


def test_r20_a_repeat_and_a_conflict_change_nothing() -> None:
    life = Life()
    for amount in ("12.50", 1250, 1251):
        life.sent = 0
        life.send("credit.grant", grant="a", amount=amount)
    (outcome,) = life.ledger.state(life.now)["outcomes"]
    assert (outcome["outcome"], outcome["repeats"], outcome["conflicts"]) == ("applied", 1, 1)
    assert life.rows() == [("grant", 1250)]
