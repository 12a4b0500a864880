"""`scrip events` gives published events again, each once, and says which are not there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis

from db.store import PostgresStore
from tests.cli.conftest import Drain, Run, Write
from tests.cli.messages import line
from worker.cli import events_chunk
from worker.clock import SystemClock
from worker.lease import Tenure
from worker.redis_broker import EVENTS, RedisBroker
from worker.relay import Relay

ROOT = Path(__file__).resolve().parents[2]

BODIES = [
    line("credit.grant", "g1", amount=100),
    line("credit.grant", "b1", amount=7, customer="bob"),
    line("invoice.created", "i1", invoice="INV", amount_due=30),
    line("credit.deduct", "d1", amount=900),
    line("credit.grant", "y1", amount=5, currency="JPY"),
    b"nonsense",
]


@pytest.fixture
def client(broker_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(broker_url) as opened:
        yield opened


@pytest.fixture
def relay(store: PostgresStore, broker_url: str) -> Iterator[Relay]:
    broker, clock = RedisBroker(broker_url), SystemClock()
    tenure = Tenure(store, clock, "relay/0", "test:1", 30.0)
    yield Relay(broker, store, clock, tenure, timedelta(days=7))
    broker.close()


@pytest.fixture(autouse=True)
def published(run: Run, drain: Drain, write: Write, relay: Relay) -> None:
    run("publish", str(write(BODIES)))
    drain()
    relay.turn(0.1)


def kept(client: redis.Redis) -> list[tuple[bytes, dict[bytes, bytes]]]:
    found: Any = client.xrange(EVENTS)
    return list(found)


def seqs(run: Run, *options: str) -> list[int]:
    told = run("events", "--customer", "ada", "--currency", "USD", "--json", *options).stdout
    return [json.loads(row)["data"]["event_seq"] for row in told.splitlines()]


def test_an_accounts_events_as_they_lie_there(run: Run, client: redis.Redis) -> None:
    result = run("events", "--customer", "ada", "--currency", "USD", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    own = [row[b"event"] for _, row in kept(client) if b'"customer":"ada","currency":"USD"' in
           row[b"event"]]  # fmt: skip
    assert result.stdout.encode().splitlines() == own
    assert seqs(run) == [1, 2, 3, 4]
    assert seqs(run, "--from", "3") == [3, 4]


def test_in_words(run: Run) -> None:
    told = run("events", "--customer", "ada", "--currency", "USD").stdout.splitlines()
    assert [row.split(maxsplit=4)[0::3][0] for row in told] == ["1", "2", "3", "4"]
    words = [row.split(maxsplit=4)[4] for row in told]
    assert words == [
        "grant +1.00: balance 1.00, available 1.00, by g1",
        "application -0.30: balance 0.70, available 0.70, by i1",
        "INV credited: applied 0.30 of 0.30, due 0.00",
        "credit.deduct d1: insufficient_credit",
    ]


def test_without_a_customer_all_of_them(run: Run) -> None:
    told = run("events").stdout
    assert len(told.splitlines()) == 7
    assert "bob (default) USD: grant +0.07" in told
    assert "message.quarantined" in told
    assert len(run("events", "--currency", "JPY").stdout.splitlines()) == 1


def test_what_came_twice_is_shown_once(run: Run, client: redis.Redis) -> None:
    """After an outage the relay sends again what it has not forgotten."""
    for _, fields in kept(client):
        client.xadd(EVENTS, fields)  # type: ignore[arg-type]
    assert seqs(run) == [1, 2, 3, 4]
    assert len(run("events", "--json").stdout.splitlines()) == 14


def test_a_chunk_ends_anywhere(
    run: Run, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        for _, fields in kept(client):
            client.xadd(EVENTS, fields)  # type: ignore[arg-type]
    for size in (1, 2, 3, 7):
        monkeypatch.setattr(events_chunk, "CHUNK", size)
        assert seqs(run) == [1, 2, 3, 4]


def test_older_than_what_is_kept(run: Run, client: redis.Redis) -> None:
    gone = [entry for entry, fields in kept(client) if b'"customer":"ada"' in fields[b"event"]][:2]
    client.xdel(EVENTS, *gone)
    result = run("events", "--customer", "ada", "--currency", "USD", "--from", "1")
    assert result.exit_code == 1
    assert "events 1 to 2 are older than what is kept; `scrip ledger` has" in result.stderr
    assert [row.split()[0] for row in result.stdout.splitlines()] == ["3", "4"]
    assert run("events", "--customer", "ada", "--currency", "USD", "--from", "3").exit_code == 0
    assert run("events", "--customer", "ada", "--currency", "USD").exit_code == 0


def test_a_gap(run: Run, client: redis.Redis) -> None:
    entry = [entry for entry, fields in kept(client) if b'"event_seq":3' in fields[b"event"]]
    client.xdel(EVENTS, *entry)
    result = run("events", "--customer", "ada", "--currency", "USD")
    assert result.exit_code == 1
    assert "ada in USD: event 3 is missing on the stream" in result.stderr
    assert seqs(run) == [1, 2, 4]
    assert run("events", "--customer", "ada", "--currency", "USD", "--from", "4").exit_code == 0


def test_what_is_not_published_yet(run: Run, drain: Drain, write: Write) -> None:
    run("publish", str(write([line("credit.grant", "g2", amount=1)])))
    drain()
    result = run("events", "--customer", "ada", "--currency", "USD")
    assert result.exit_code == 1
    assert "event 5 is not on the stream: no longer kept, or not yet published" in result.stderr


def test_nothing_new_is_no_loss(run: Run) -> None:
    result = run("events", "--customer", "ada", "--currency", "USD", "--from", "5")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "there is no event 5 yet, the newest is 4" in result.stderr


def test_what_is_no_event_is_counted(run: Run, client: redis.Redis) -> None:
    for junk in (b"ada", b'{"data": 5}', b"\xff"):
        client.xadd(EVENTS, {"event": junk})
    client.xadd(EVENTS, {"other": b"ada"})
    result = run("events")
    assert result.exit_code == 0
    assert "4 entries of the stream cannot be read as an event" in result.stderr


def test_following_until_ctrl_c(
    run: Run, drain: Drain, write: Write, relay: Relay, database_url: str, broker_url: str
) -> None:
    environment = {**os.environ, "DATABASE_URL": database_url, "BROKER_URL": broker_url}
    command = [sys.executable, "-m", "worker.cli", "events", "--customer", "ada", "--currency",
               "USD", "--from", "4", "--follow", "--json"]  # fmt: skip
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as following:
        assert following.stdout is not None
        assert json.loads(following.stdout.readline())["data"]["event_seq"] == 4
        run("publish", str(write([line("credit.grant", "g2", amount=1)])))
        drain()
        relay.turn(0.1)
        assert json.loads(following.stdout.readline())["data"]["event_seq"] == 5
        time.sleep(0.2)
        following.send_signal(signal.SIGINT)
        assert following.wait(10) == 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--from", "3"], "--from counts within an account"),
        (["--customer", "nobody"], "default has no customer nobody"),
    ],
)
def test_what_cannot_be_asked(run: Run, options: list[str], sentence: str) -> None:
    result = run("events", *options)
    assert result.exit_code in (1, 2)
    assert sentence in result.stderr
