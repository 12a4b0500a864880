"""A tenant's own units: sent again once they are declared, and printed with their decimals."""

from __future__ import annotations

from tests.cli.conftest import Drain, Run
from tests.cli.messages import line
from worker.redis_broker import RedisBroker

UNIT = {"currency": "TOKENS"}
EARLY = line("credit.grant", "early", amount="12.50", **UNIT)
BILL = line("invoice.created", "bill", invoice="i", amount_due="20.00", **UNIT)


def publish(broker_url: str, drain: Drain, *bodies: bytes) -> None:
    broker = RedisBroker(broker_url)
    broker.submit(bodies)
    broker.close()
    drain()


def declare(tenant: str, decimals: int) -> bytes:
    units = {"TOKENS": decimals}
    return line("tenant.configure", f"units of {tenant}", tenant=tenant, units=units)


def test_redrive_brings_what_came_before_its_unit(run: Run, drain: Drain, broker_url: str) -> None:
    """R21: and every command shows it as people write it."""
    publish(broker_url, drain, EARLY)
    assert "unknown currency 'TOKENS'" in run("quarantine", "list").stdout
    publish(broker_url, drain, declare("default", 2))
    run("quarantine", "redrive", "--all", "--reason", "unknown currency 'TOKENS'")
    drain()
    assert run("quarantine", "list").stdout == "nothing is held\n"
    assert "ada (default) has 12.50 TOKENS available" in run("balance", "ada").stdout
    assert "+12.50" in run("ledger", "ada").stdout
    assert "12.50" in run("grants", "ada").stdout
    publish(broker_url, drain, BILL)
    for told in (run("invoice", "i"), run("invoice", "i", "--customer", "ada")):
        assert "20.00" in told.stdout
        assert "7.50" in told.stdout
    assert "12.50" in run("explain", "2", "--customer", "ada", "--currency", "TOKENS").stdout


def test_units_of_several_tenants_are_printed_as_integers(
    run: Run, drain: Drain, broker_url: str
) -> None:
    """Two may have given one name to different things."""
    other = {"tenant": "other", **UNIT}
    bill = line("invoice.created", "bill", invoice="i", amount_due=2000, **other)
    publish(broker_url, drain, declare("default", 2), declare("other", 0), BILL, bill)
    told = run("invoice", "i").stdout
    assert "20.00" not in told
    assert told.count("2000") >= 2
    assert "TOKENS" in run("state").stdout
