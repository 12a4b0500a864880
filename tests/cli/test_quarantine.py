"""`scrip quarantine`: nothing that was set aside is lost, whatever people do with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from threading import Thread
from typing import Any

import psycopg
import pytest

from db.set_aside import Handling, State, in_state
from db.store import PostgresStore
from db.values import Quarantined
from domain.changes import Changes
from domain.wanted import Wanted
from tests.cli.conftest import Drain, Run
from tests.cli.messages import line
from worker.cli import quarantine_redrive
from worker.cli.quarantine_redrive import redrive_all
from worker.ports import BrokerError
from worker.redis_broker import RedisBroker

LATER = line("credit.thank", "new-type", amount=5)
"""A message of a type that a later release may know."""

BAD = [b"no JSON\n\x1b[31m", b"\xff\xfe\x00", LATER]
DIGESTS = [sha256(body).hexdigest() for body in BAD]
EVE = Handling("eve", "try again")

Hook = Callable[[], None]


class Intake(RedisBroker):
    """The broker, with something happening right after a message has been submitted."""

    def __init__(self, url: str, afterwards: Hook) -> None:
        super().__init__(url)
        self._afterwards = afterwards

    def submit(
        self, bodies: Sequence[bytes], signatures: Sequence[str | None] | None = None
    ) -> list[str]:
        ids = super().submit(bodies, signatures)
        self._afterwards()
        return ids


def _cut_off() -> None:
    raise BrokerError("no answer from the broker")


@pytest.fixture(autouse=True)
def published(run: Run, drain: Drain, broker_url: str) -> None:
    submit(broker_url, *BAD)
    drain()


def submit(broker_url: str, *bodies: bytes) -> None:
    broker = RedisBroker(broker_url)
    broker.submit(bodies)
    broker.close()


def waiting(broker_url: str) -> list[bytes]:
    broker = RedisBroker(broker_url)
    try:
        return [delivery.body for delivery in broker.read(None, 100, 0)]
    finally:
        broker.close()


def rows(run: Run, state: str = "held", *options: str) -> dict[str, Any]:
    listed = json.loads(run("quarantine", "list", "--state", state, "--json", *options).stdout)
    return {row["digest"]: row for row in listed}


def test_what_is_held_and_why(run: Run) -> None:
    assert rows(run).keys() == set(DIGESTS)
    assert rows(run)[DIGESTS[2]]["message_id"] == "new-type"
    assert rows(run, "held", "--reason", "unknown message type").keys() == {DIGESTS[2]}
    assert rows(run, "held", "--reason", "%").keys() == set()
    told = run("quarantine", "list").stdout
    assert "3 messages held" in told
    assert "unknown message type" in told
    assert "1 of 3; --limit shows more" in run("quarantine", "list", "--limit", "1").stdout
    assert run("quarantine", "list", "--state", "discarded").stdout == "nothing is discarded\n"


@pytest.mark.parametrize("name", [DIGESTS[2], DIGESTS[2][:8], DIGESTS[2][:20].upper(), "new-type"])
def test_one_is_shown_by_its_digest_or_id(run: Run, name: str) -> None:
    told = run("quarantine", "show", name).stdout
    assert DIGESTS[2] in told
    assert LATER.decode() in told


def test_bytes_of_any_kind_can_be_looked_at(run: Run) -> None:
    text, binary = (run("quarantine", "show", digest).stdout for digest in DIGESTS[:2])
    assert "no JSON\n\\x1b[31m" in text
    assert "\\xff\\xfe\\x00" in binary
    assert "\x1b" not in text
    shown = json.loads(run("quarantine", "show", DIGESTS[1], "--json").stdout)
    assert (shown["text"], shown["hex"], shown["size"]) == (None, "fffe00", 3)


def test_a_long_message_is_cut(run: Run, drain: Drain, broker_url: str) -> None:
    submit(broker_url, b"x" * 2_500)
    drain()
    digest = sha256(b"x" * 2_500).hexdigest()
    cut, full = run("quarantine", "show", digest), run("quarantine", "show", digest, "--full")
    assert cut.stdout.count("x") < 2_100
    assert "and 500 characters more" in cut.stdout
    assert "x" * 2_500 in full.stdout


def test_redrive_puts_the_bytes_behind_all_that_waits(run: Run, broker_url: str) -> None:
    submit(broker_url, b"waits")
    result = run("quarantine", "redrive", DIGESTS[2], DIGESTS[0][:8], "--by", "eve", "--note", "n")
    assert "2 messages put on the intake again" in result.stdout
    assert waiting(broker_url) == [b"waits", LATER, BAD[0]]
    assert rows(run).keys() == {DIGESTS[1]}
    done = rows(run, "redriven")[DIGESTS[2]]
    assert (done["handled_by"], done["note"]) == ("eve", "n")
    assert done["handled_at"] > done["since"]


def test_all_of_a_reason(run: Run, broker_url: str) -> None:
    run("quarantine", "redrive", "--all", "--reason", "not UTF-8")
    assert waiting(broker_url) == [BAD[1]]
    run("quarantine", "redrive", "--all")
    assert sorted(waiting(broker_url)) == sorted(BAD)
    assert rows(run) == {}


def test_what_is_still_bad_is_held_again(run: Run, drain: Drain) -> None:
    run("quarantine", "redrive", "--all", "--by", "eve")
    drain()
    assert rows(run).keys() == set(DIGESTS)
    assert "by eve; held again" in " ".join(run("quarantine", "list").stdout.split())


def test_a_message_that_is_understood_now_is_decided_once(
    run: Run, drain: Drain, store: PostgresStore, broker_url: str
) -> None:
    """Sent twice by a redrive that was cut off: one outcome, one repeat."""
    good = line("credit.grant", "g", amount=5)
    with store.transaction(None) as transaction:
        state = transaction.gather(Wanted())
        transaction.save(Changes(state.now), [Quarantined(good, "unknown message type", "g")])
    cut_off = Intake(broker_url, _cut_off)
    with pytest.raises(BrokerError):
        redrive_all(store.engine, cut_off, [sha256(good).digest()], EVE)
    cut_off.close()
    assert sha256(good).hexdigest() in rows(run)
    run("quarantine", "redrive", sha256(good).hexdigest())
    drain()
    (outcome,) = json.loads(run("state", "--json").stdout)["outcomes"]
    assert (outcome["outcome"], outcome["repeats"]) == ("applied", 1)
    assert sha256(good).hexdigest() in rows(run, "redriven")


def test_held_stays_when_the_worker_is_quicker_than_the_mark(
    run: Run, drain: Drain, store: PostgresStore, broker_url: str
) -> None:
    """The worker sets the message aside again between our submit and our mark."""
    worker = Thread(target=drain)

    def decide() -> None:
        worker.start()
        worker.join(1.0)

    intake = Intake(broker_url, decide)
    redrive_all(store.engine, intake, [bytes.fromhex(DIGESTS[0])], EVE)
    intake.close()
    worker.join(10.0)
    assert DIGESTS[0] in rows(run)


def test_more_than_a_transaction_takes(
    run: Run, drain: Drain, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order in which they came, however they are cut."""
    monkeypatch.setattr(quarantine_redrive, "CHUNK", 3)
    bodies = [f"bad {number}".encode() for number in range(8)]
    for body in bodies:
        submit(broker_url, body)
        drain()
    run("quarantine", "redrive", "--all", "--reason", "not JSON")
    assert waiting(broker_url) == [BAD[0], *bodies]


def test_discard_keeps_row_and_bytes(run: Run, store: PostgresStore) -> None:
    asked = run("quarantine", "discard", DIGESTS[1])
    assert asked.exit_code == 1
    assert "--yes does it" in asked.stderr
    assert DIGESTS[1] in rows(run)
    result = run("quarantine", "discard", DIGESTS[1], "--yes", "--note", "noise", "--by", "eve")
    assert result.stdout == "1 message discarded\n"
    row = rows(run, "discarded")[DIGESTS[1]]
    assert (row["handled_by"], row["note"]) == ("eve", "noise")
    assert json.loads(run("quarantine", "show", DIGESTS[1], "--json").stdout)["hex"] == "fffe00"
    again = run("quarantine", "discard", DIGESTS[1], "--yes", "--note", "other")
    assert "0 messages discarded" in again.stdout
    assert "1 message left alone" in again.stderr
    with store.engine.connect() as connection:
        assert [row.note for row in in_state(connection, State.DISCARDED)] == ["noise"]


def test_a_prefix_must_say_which(run: Run, database_url: str) -> None:
    """Two rows whose digests begin alike, made by hand: nobody finds such bytes."""
    insert = "INSERT INTO quarantine (digest, raw, reason) VALUES (decode(%s, 'hex'), 'x', 'y')"
    with psycopg.connect(database_url) as connection:
        for end in ("00", "ff"):
            connection.execute(insert, ("ab" * 31 + end,))
    result = run("quarantine", "show", "ab" * 31)
    assert result.exit_code == 1
    assert "could be any of these 2" in " ".join(result.stderr.split())
    assert "ab" * 31 + "ff" in result.stderr
    assert run("quarantine", "discard", "ab" * 31 + "ff", "--yes").exit_code == 0
    assert ("ab" * 31 + "00") in rows(run)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["redrive"], "give digests, or --all"),
        (["redrive", "--all", DIGESTS[0]], "give digests, or --all"),
        (["redrive", DIGESTS[0], "--reason", "x"], "give digests, or --all"),
        (["redrive", "abc"], "abc is no digest: give its first 8 hex digits"),
        (["redrive", "new-type"], "new-type is no digest"),
        (["discard", "12345678", "--yes"], "nothing in quarantine is called 12345678"),
        (["show", "nope"], "nothing in quarantine is called nope"),
        (["discard", "--yes"], "give digests"),
    ],
)
def test_what_cannot_be_meant(run: Run, arguments: list[str], sentence: str) -> None:
    result = run("quarantine", *arguments)
    assert result.exit_code in (1, 2)
    assert sentence in " ".join(result.stderr.split())
    assert rows(run).keys() == set(DIGESTS)
