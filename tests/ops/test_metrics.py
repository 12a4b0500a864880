"""Metrics: what Prometheus reads of real processes is what was published, and all is documented."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.end_to_end.messages import deduct, event, grant, invoice
from tests.end_to_end.outsider import Outsider, wait_for
from tests.ops.installation import ask, free_port, own_valkey
from tests.ops.scraped import Scraped, scraped
from worker import stack
from worker.amqp_broker import AmqpBroker
from worker.embedded import Servers, Valkey
from worker.metrics import REGISTRIES, STAGES, declared
from worker.metrics_table import PAGE, page, rows


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    with own_valkey(tmp_path / "valkey") as broker:
        yield broker


@pytest.fixture
def outsider(database_url: str, valkey: Valkey) -> Iterator[Outsider]:
    with Outsider(Servers(database_url, valkey.url)) as client:
        yield client


@contextmanager
def running(name: str, servers: Servers, logs: Path, patch: pytest.MonkeyPatch) -> Iterator[int]:
    """One process, live; yields its port."""
    port = free_port()
    patch.setenv("SCRIP_HEALTH_PORT", str(port))
    with stack.processes(servers, logs, (name,)):
        wait_for(f"the {name}", lambda: ask(port, "/live")[0] == 200)
        yield port


def test_worker_and_relay_tell_what_was_published(
    outsider: Outsider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each outcome once or more, waiting before the worker begins."""
    monkeypatch.setenv("SCRIP_IGNORE_TYPES", "invoice.sent")
    monkeypatch.setenv("SCRIP_EXPIRY_SECONDS", "1")
    began = time.time()
    outsider.publish(
        grant("ann", 500, message_id="g1"),
        grant("bob", 700, message_id="g2"),
        invoice("ann", "i1", 300),
        deduct("bob", 10_000),
        *[grant("ann", 500, message_id="g1")] * 2,
        grant("ann", 501, message_id="g1"),
        b"not json",
        event("credit.gift", "ann"),
        event("invoice.sent", "ann"),
    )
    with running("worker", outsider.servers, tmp_path, monkeypatch) as worker:
        wait_for("the messages", lambda: outsider.backlog() == 0)
        outsider.publish(grant("ann", 500, message_id="g1"), grant("bob", 1))
        wait_for("the two", lambda: scraped(worker).value("scrip_acknowledged_total") == 12)
        held_up = scraped(worker)
        with running("relay", outsider.servers, tmp_path, monkeypatch) as relay:
            outsider.wait_until_quiet()
            wait_for("the relay", lambda: scraped(relay).value("scrip_outbox_batches") == 0)
            sent, after = scraped(relay), scraped(worker)

    assert_counted(held_up)
    assert_timed(held_up)
    assert began < held_up.value("scrip_last_commit_timestamp_seconds") < time.time()
    assert held_up.value("scrip_outbox_batches") >= 2
    assert held_up.value("scrip_outbox_oldest_seconds") > 0
    assert after.value("scrip_outbox_batches") == after.value("scrip_outbox_oldest_seconds") == 0
    assert sent.value("scrip_events_published_total") == len(outsider.events()) > 5
    for seen, lease in ((held_up, "reader/0"), (sent, "relay/0")):
        assert seen.by("scrip_lease_held", "lease") == {(lease,): 1}
        assert seen.by("scrip_lease_epoch", "lease") == {(lease,): 1}
        assert seen.value("scrip_scrape_ok", server="database") == 1
        assert seen.value("process_resident_memory_bytes") > 1e6


def assert_counted(seen: Scraped) -> None:
    """As often as it was published; what is ignored is in none but the acknowledgements."""
    assert seen.by("scrip_messages_total", "type", "outcome") == {
        ("credit.grant", "applied"): 3,
        ("invoice.created", "applied"): 1,
        ("credit.deduct", "refused"): 1,
        ("credit.grant", "repeat"): 3,
        ("credit.grant", "conflict"): 1,
    }
    assert seen.by("scrip_refusals_total", "reason") == {("insufficient_credit",): 1}
    assert seen.by("scrip_quarantined_total", "kind") == {("malformed",): 2, ("conflict",): 1}
    assert seen.value("scrip_quarantine_held") == 3
    assert seen.value("scrip_batch_messages_sum") == 11


def assert_timed(seen: Scraped) -> None:
    """Every batch went through every stage, and none in no time."""
    batches = seen.value("scrip_batch_messages_count")
    assert batches >= 2
    for stage in STAGES:
        assert seen.value("scrip_stage_seconds_count", stage=stage) == batches
        assert seen.value("scrip_stage_seconds_sum", stage=stage) > 0


@contextmanager
def idle_worker(servers: Servers, logs: Path, patch: pytest.MonkeyPatch) -> Iterator[int]:
    """A worker that gets no lease, so it reads nothing; yields its port."""
    with psycopg.connect(servers.database_url) as other:
        other.execute("LOCK TABLE leases IN SHARE MODE")
        with running("worker", servers, logs, patch) as port:
            yield port


def test_the_intake_is_asked_when_prometheus_asks(
    outsider: Outsider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by a worker that has never read it."""
    with idle_worker(outsider.servers, tmp_path, monkeypatch) as port:
        assert scraped(port).value("scrip_intake_messages") == 0
        outsider.publish(*(grant("ann", number) for number in (1, 2, 3)))
        first = scraped(port)
        assert first.value("scrip_intake_messages") == 3
        since = first.value("scrip_intake_oldest_seconds")
        wait_for("lag", lambda: scraped(port).value("scrip_intake_oldest_seconds") > since)


def test_rabbitmq_is_asked_for_what_it_can_tell(
    database_url: str, rabbitmq_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many messages wait, and not for how long."""
    broker = AmqpBroker(rabbitmq_url)
    broker.submit([grant("ann", 1), grant("ann", 2)])
    broker.close()
    with idle_worker(Servers(database_url, rabbitmq_url), tmp_path, monkeypatch) as port:
        seen = scraped(port)
    assert seen.value("scrip_intake_messages") == 2
    assert math.isnan(seen.value("scrip_intake_oldest_seconds"))
    assert seen.by("scrip_scrape_ok", "server") == {("database",): 1, ("broker",): 1}


def test_an_expiry_run_is_told(
    outsider: Outsider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the worker that carries it out."""
    monkeypatch.setenv("SCRIP_EXPIRY_SECONDS", "1")
    with running("worker", outsider.servers, tmp_path, monkeypatch) as port:
        outsider.publish(grant("ann", 500, expires_at="2999-01-01T00:00:00Z"))
        wait_for("the grant", lambda: outsider.backlog() == 0)
        outsider.database.execute("UPDATE grants SET expires_at = now() - interval '2 hours'")
        overdue = scraped(port)
        assert 3_500 < overdue.value("scrip_expiry_overdue_seconds") < 3_700
        assert overdue.value("scrip_expiry_last_run_timestamp_seconds") == 0
        monkeypatch.delenv("SCRIP_HEALTH_PORT")  # the worker's
        with stack.processes(outsider.servers, tmp_path, ("beat",)):
            wait_for("the run", lambda: scraped(port).value("scrip_expiry_entries_total") == 1)
        done = scraped(port)
        assert done.value("scrip_expiry_overdue_seconds") == 0
        assert done.value("scrip_expiry_last_run_timestamp_seconds") > time.time() - 60


def test_a_server_that_is_away_costs_its_numbers_only(
    outsider: Outsider, valkey: Valkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are NaN, which no alert takes for a 0; and the failures are counted."""
    with running("worker", outsider.servers, tmp_path, monkeypatch) as port:
        wait_for("the lease", lambda: scraped(port).value("scrip_lease_held", lease="reader/0"))
        valkey.stop()
        away = wait_for("a failure", lambda: failed(port))
        assert math.isnan(away.value("scrip_intake_messages"))
        assert math.isnan(away.value("scrip_intake_oldest_seconds"))
        assert away.by("scrip_scrape_ok", "server") == {("database",): 1}
        assert away.value("scrip_outbox_batches") == 0


def failed(port: int) -> Scraped | None:
    """What is told once the reader has failed to reach its broker."""
    seen = scraped(port)
    return seen if seen.value("scrip_failures_total", server="broker") else None


def test_the_table_is_fresh() -> None:
    """After a change of metrics: python -m worker.metrics_table."""
    assert PAGE.read_text() == page()


def test_every_metric_is_in_the_table_with_its_meaning() -> None:
    """One or two sentences that an operator can act on, and who tells it."""
    told = {
        family.name
        for registry in REGISTRIES.values()
        for family in registry.collect()
        if not family.name.startswith("process_")
    }
    assert {row.name.removesuffix("_total") for row in rows()} == told
    assert len(rows()) == len(declared()) == len({row.name for row in rows()})
    assert [row.name for row in rows() if len(row.meaning) < 50 or not row.told_by] == []
    assert [row.name for row in rows() if not row.name.startswith("scrip_")] == []
