"""What beat asks for: credit whose time is over is written off the books."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.end_to_end.messages import encoded, grant
from tests.end_to_end.outsider import Outsider, wait_for


def test_credit_expires_by_itself(running: Outsider) -> None:
    """R3: exactly at expires_at + late_window, dated expires_at, with its own event."""
    no_window = encoded({"late_window": 0}).decode()
    running.database.execute(
        "INSERT INTO tenants (tenant, version, settings) VALUES ('brief', 1, %s)", (no_window,)
    )
    expires_at = datetime.now(UTC) + timedelta(seconds=2)
    running.publish(grant("eve", 400, tenant="brief", expires_at=expires_at.isoformat()))
    running.wait_until_quiet()
    assert running.ask("SELECT balance FROM balance WHERE customer = 'eve'") == [(400,)]

    sql = "SELECT amount, balance, dated_at FROM ledger WHERE customer = 'eve' AND kind = 'expiry'"
    expiry = wait_for("the expiry", lambda: running.ask(sql))
    assert expiry == [(-400, 0, expires_at)]
    running.wait_until_quiet()
    events = running.events("eve")
    assert [event["type"] for event in events] == [
        "credit.balance_changed",
        "grant.expiring",
        "credit.balance_changed",
    ]
    last = events[-1]["data"]
    assert (last["cause"]["source"], last["balance"], last["event_seq"]) == ("scrip/expiry", 0, 3)
