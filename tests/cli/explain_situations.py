"""Situations in which an entry comes about, with what came of each grant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.cli.messages import line

NOW = datetime.now(UTC)
LINES = [
    {"id": "l1", "product": "web", "amount": 60},
    {"id": "l2", "product": "api", "amount": 60},
]


def ago(minutes: int) -> str:
    return (NOW - timedelta(minutes=minutes)).isoformat()


def grant(name: str, amount: int, **own: Any) -> bytes:
    return line("credit.grant", f"g-{name}", grant=name, amount=amount, **own)


def invoice(due: int, name: str = "INV", **own: Any) -> bytes:
    return line("invoice.created", f"i-{name}", invoice=name, amount_due=due, **own)


SITUATIONS: dict[str, tuple[list[bytes], list[tuple[str, str]]]] = {
    # the last message brings the entry about; each grant in the order of use, with its verdict
    "priority, then what is left over is not reached": (
        [grant("b", 50, priority=2), grant("a", 50, priority=1), invoice(40)],
        [("a", "used"), ("b", "not_reached")],
    ),
    "the sooner expiry, and then never": (
        [grant("never", 50), grant("soon", 30, expires_at="2099-01-01T00:00:00Z"), invoice(40)],
        [("soon", "used"), ("never", "used")],
    ),
    "promotional before paid": (
        [grant("paid", 50), grant("gift", 50, category="promotional"), invoice(10)],
        [("gift", "used"), ("paid", "not_reached")],
    ),
    "expired at t": (
        [grant("old", 50, expires_at=ago(10), time=ago(20)), grant("new", 50), invoice(40)],
        [("old", "expired"), ("new", "used")],
    ),
    "not expired at the invoice's own, earlier t": (
        [
            grant("old", 50, expires_at=ago(10), time=ago(20)),
            grant("new", 50),
            invoice(40, issued_at=ago(15)),
        ],
        [("old", "used"), ("new", "not_reached")],
    ),
    "not yet effective": (
        [grant("next", 50, priority=1, effective_at="2098-01-01T00:00:00Z"),
         grant("now", 50), invoice(40)],
        [("next", "not_yet_effective"), ("now", "used")],
    ),
    "nothing left from the invoice before": (
        [grant("a", 40), grant("b", 40), invoice(40, "EARLIER"), invoice(30)],
        [("a", "nothing_left"), ("b", "used")],
    ),
    "scopes, and each grant pays the lines it may": (
        [grant("disk", 50, scope=["disk"], priority=1), grant("api", 50, scope=["api"], priority=2),
         grant("any", 100, priority=3), invoice(120, lines=LINES)],
        [("disk", "out_of_scope"), ("api", "used"), ("any", "used")],
    ),
    "a scope whose line another grant has paid": (
        [grant("api", 60, scope=["api"], priority=1), grant("api2", 60, scope=["api"], priority=2),
         grant("any", 100, priority=3), invoice(120, lines=LINES)],
        [("api", "used"), ("api2", "out_of_scope"), ("any", "used")],
    ),
    "expired by now, but not at t": (
        [grant("any", 50, priority=1), grant("old", 50, expires_at=ago(10), time=ago(20)),
         invoice(40, issued_at=ago(15))],
        [("any", "used"), ("old", "not_reached")],
    ),
    "all was paid, and the rest was not asked": (
        [grant("any", 150, priority=1), grant("api", 50, scope=["api"], priority=2),
         invoice(120, lines=LINES)],
        [("any", "used"), ("api", "not_reached")],
    ),
    "a discount lets the last grant go unreached": (
        [grant("a", 20), grant("b", 20),
         invoice(20, lines=[{"id": "x", "amount": 30}, {"id": "off", "amount": -10}])],
        [("a", "used"), ("b", "not_reached")],
    ),
    "a deduction without a product": (
        [grant("api", 50, scope=["api"]), grant("any", 50),
         line("credit.deduct", "d", amount=10)],
        [("api", "out_of_scope"), ("any", "used")],
    ),
    "a deduction for a product": (
        [grant("web", 50, scope=["web"]), grant("api", 5, scope=["api"]), grant("any", 50),
         line("credit.deduct", "d", amount=10, product="api")],
        [("web", "out_of_scope"), ("api", "used"), ("any", "used")],
    ),
    "a deduction that names a grant": (
        [grant("a", 50), grant("b", 50), line("credit.deduct", "d", amount=10, grant="b")],
        [("a", "not_named"), ("b", "used")],
    ),
}  # fmt: skip
