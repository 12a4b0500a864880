"""`scrip state` and `scrip simulate` print the same for the same messages."""

from __future__ import annotations

import gzip
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from db.store import PostgresStore
from db.tenants import add_settings
from domain.fields import rfc3339
from domain.settings import TenantSettings
from tests.cli.conftest import Drain, Run, Write
from tests.cli.messages import line, mix
from worker.cli.simulation import Simulation
from worker.codec import Codec
from worker.expiry import expire_due


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_simulate_now_equals_the_real_path(run: Run, drain: Drain, write: Write, seed: int) -> None:
    file = str(write(mix(seed, 1_500)))
    assert run("publish", file).exit_code == 0
    drain()
    real = run("state", "--json")
    simulated = run("simulate", file, "--clock", "now", "--json")
    assert json.loads(real.stdout) == json.loads(simulated.stdout)
    assert real.stdout == simulated.stdout


def test_the_mix_has_everything_in_it(run: Run, write: Write) -> None:
    state = simulated(run, write(mix(1, 1_500)), "--clock", "now")
    outcomes = state["outcomes"]
    assert {row["type"] for row in outcomes} == {
        "credit.grant", "credit.deduct", "invoice.created", "invoice.voided"
    }  # fmt: skip
    assert {row["outcome"] for row in outcomes} == {"applied", "refused"}
    assert len({row["reason"] for row in outcomes}) > 3
    assert sum(row["repeats"] for row in outcomes) > 20
    assert sum(row["conflicts"] for row in outcomes) > 20
    assert any(row["id"] is None for row in state["quarantined"])
    kinds = {row["kind"] for account in state["accounts"] for row in account["ledger"]}
    assert kinds == {"grant", "application", "deduction", "reversal"}


def test_expiry_equals_the_real_path(
    run: Run, drain: Drain, write: Write, store: PostgresStore
) -> None:
    add_settings(store.engine, "default", {"late_window": 1})
    expires_at = datetime.now(UTC) + timedelta(seconds=2)
    bodies = [
        line("credit.grant", "g1", amount=500, expires_at=rfc3339(expires_at)),
        line("credit.grant", "g2", amount=300, grant="later", expires_at="2099-01-01T00:00:00Z"),
        line("invoice.created", "i1", invoice="inv", amount_due=100),
    ]
    run("publish", str(write(bodies)))
    drain()
    simulation = Simulation(Codec().decode, datetime.now(UTC))
    simulation.settings["default"] = TenantSettings(late_window=timedelta(seconds=1))
    simulation.decide(bodies)
    simulation.run_on(expires_at + timedelta(seconds=5))
    while not expire_due(store):
        time.sleep(0.1)
    real = json.loads(run("state", "--json").stdout)
    assert real == json.loads(json.dumps(simulation.state()))
    assert [row["kind"] for row in real["accounts"][0]["ledger"]][-1] == "expiry"


def simulated(run: Run, file: Path, *options: str) -> dict[str, Any]:
    result = run("simulate", str(file), "--json", *options)
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_the_clock_follows_the_messages(run: Run, write: Write) -> None:
    """The row of an expiry comes between the messages where it falls due, an hour late (R3)."""
    file = write(
        [
            line("credit.grant", "g", time="2024-03-01T00:00:00Z", amount=500,
                 expires_at="2024-03-02T00:00:00Z"),
            line("credit.grant", "a", time="2024-03-02T00:59:59Z", amount=1),
            line("credit.grant", "b", time="2024-03-02T01:00:00Z", amount=2),
        ]
    )  # fmt: skip
    (account,) = simulated(run, file)["accounts"]
    assert [(row["kind"], row["cause"]["id"]) for row in account["ledger"]] == [
        ("grant", "g"), ("grant", "a"), ("expiry", "g@2024-03-02T00:00:00Z"), ("grant", "b"),
    ]  # fmt: skip


def test_the_clock_never_goes_backwards(run: Run, write: Write) -> None:
    file = write(
        [
            line("credit.grant", "late", time="2024-03-01T12:00:00Z", amount=1),
            line("credit.grant", "early", time="2024-03-01T00:00:00Z", amount=2,
                 expires_at="2024-03-01T10:00:00Z"),
        ]
    )  # fmt: skip
    outcomes = {row["id"]: row["reason"] for row in simulated(run, file)["outcomes"]}
    assert outcomes == {"late": None, "early": "already_expired"}


def test_until_lets_time_pass_at_the_end(run: Run, write: Write) -> None:
    end = "2024-03-02T00:00:00Z"
    file = write([line("credit.grant", "g", time="2024-03-01T00:00:00Z", amount=5, expires_at=end)])
    assert simulated(run, file)["accounts"][0]["available"] == 5
    (account,) = simulated(run, file, "--until", "2024-03-02T00:59:59Z")["accounts"]
    assert (account["balance"], account["available"]) == (5, 0)
    assert account["grants"][0]["state"] == "expired"
    (account,) = simulated(run, file, "--until", "2024-03-02T03:00:00+02:00")["accounts"]
    assert (account["balance"], account["grants"][0]["expired"]) == (0, 5)


def test_far_instants_do_no_harm(run: Run, write: Write) -> None:
    file = write(
        [
            line("credit.grant", "g", time="0001-01-01T00:00:00Z", amount=5,
                 expires_at="9999-12-31T23:59:59Z"),
            line("credit.grant", "h", time="9999-12-31T23:59:59Z", amount=6),
        ]
    )  # fmt: skip
    (account,) = simulated(run, file)["accounts"]
    assert account["balance"] == 11


def test_simulate_needs_no_servers(run: Run, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("BROKER_URL")
    monkeypatch.setenv("SCRIP_IGNORE_TYPES", "order.placed")
    file = write([line("order.placed", "o1"), line("credit.grant", "g", amount=1)])
    result = run("simulate", str(file))
    assert result.exit_code == 0
    assert "ignored 1 message" in result.stderr


def test_simulate_reads_compressed_files_and_standard_input(run: Run, tmp_path: Path) -> None:
    bodies = line("credit.grant", "g", amount=5) + b"\r\n\n  \nnonsense\n"
    packed = tmp_path / "messages.gz"
    packed.write_bytes(gzip.compress(bodies))
    state = simulated(run, packed)
    assert (len(state["outcomes"]), len(state["quarantined"])) == (1, 1)
    piped = run("simulate", "-", "--json", input=bodies)
    assert json.loads(piped.stdout) == state


def test_an_instant_without_an_offset_is_not_guessed(run: Run, write: Write) -> None:
    result = run("simulate", str(write([])), "--until", "2024-03-01T00:00:00")
    assert result.exit_code == 2
    assert "offset" in result.output


def test_the_summary_is_for_people(run: Run, drain: Drain, write: Write) -> None:
    file = str(write(mix(1, 300)))
    run("publish", file)
    drain()
    real, imagined = run("state").stdout, run("simulate", file, "--clock", "now").stdout
    assert real == imagined
    for word in ("Totals", "Accounts", "Messages", "insufficient_credit", "must be"):
        assert word in real


def test_an_empty_database_says_so(run: Run) -> None:
    assert "nothing here yet" in run("state").stdout
    assert json.loads(run("state", "--json").stdout) == {
        "accounts": [], "invoices": [], "outcomes": [], "quarantined": []
    }  # fmt: skip
