"""What beat asks for: credit whose time is over is written off, and long ledgers are closed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from db.closings import EVERY
from tests.end_to_end.messages import deduct, encoded, grant
from tests.end_to_end.outsider import Outsider, wait_for
from tests.producing import producer


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


def test_a_long_ledger_is_closed(running: Outsider) -> None:
    """At its thousandth entry, by the worker's role; beat would have asked for it in minutes."""
    running.publish(grant("fay", 10_000, grant="g"), *(deduct("fay", 1) for _ in range(EVERY)))
    running.wait_until_quiet()
    url = running.servers.broker_url
    with producer(url, url) as app:
        app.send_task("scrip.close", queue="scrip.tasks")
    sql = """SELECT c.seq, c.balance, c.open_grants FROM closings c JOIN accounts USING (account_id)
             WHERE customer = 'fay'"""
    closed = wait_for("the closing", lambda: running.ask(sql))
    assert closed == [(EVERY, 10_000 - EVERY + 1, ["g"])]
