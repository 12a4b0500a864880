"""`scrip verify --journal` holds the database, quarantine and events against what was published."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from redis import Redis

from db.store import PostgresStore
from domain.fields import rfc3339
from tests.cli.conftest import Run, Write
from tests.cli.journal_harm import HARM, STORY, changed, without, without_quarantined
from tests.cli.journals import Installation, played
from tests.cli.messages import line
from tests.reference.mixes import START, mix
from tests.standing import at
from worker.redis_broker import EVENTS, RedisBroker

HOUR = timedelta(hours=1)
Found = Callable[..., dict[str, Any]]


@pytest.fixture
def broker(broker_url: str) -> Iterator[RedisBroker]:
    opened = RedisBroker(broker_url)
    yield opened
    opened.close()


@pytest.fixture
def client(broker_url: str) -> Iterator[Redis]:
    with Redis.from_url(broker_url) as opened:
        yield opened


@pytest.fixture
def installation(store: PostgresStore, broker: RedisBroker) -> Installation:
    return Installation(store, broker)


@pytest.fixture
def found(run: Run, write: Write) -> Found:
    """What the command says of a journal."""

    def verified(journal: list[bytes], *options: str) -> dict[str, Any]:
        result = run("verify", "--journal", str(write(journal)), "--json", *options)
        assert result.exit_code in {0, 1}, (result.stderr, result.exception)
        told: dict[str, Any] = json.loads(result.stdout)
        assert told["clean"] is (result.exit_code == 0)
        return told

    return verified


@pytest.fixture
def decided(installation: Installation) -> None:
    installation.take(STORY)
    installation.publish_events()


@pytest.mark.parametrize("seed", [1, 2])
def test_all_kinds_of_messages_come_out_the_same(
    found: Found, installation: Installation, client: Redis, store: PostgresStore, seed: int
) -> None:
    """Also when the older events have been trimmed from the stream."""
    journal = played(seed, 700, installation)
    told = found(journal)
    assert told["violations"] == []
    assert told["notes"] == []
    assert told["checked"]["accounts decided again"] == told["checked"]["accounts"] > 15
    client.xtrim(EVENTS, maxlen=200, approximate=False)
    with store.engine.begin() as connection:  # its instants were not on the test's clock
        connection.exec_driver_sql("UPDATE quarantine SET since = '2026-01-01T00:00:00Z'")
    assert found(journal)["violations"] == []


def test_one_batch_and_events_that_still_wait(
    found: Found, installation: Installation, client: Redis
) -> None:
    journal = [json.dumps(message).encode() for message, _ in mix(3, 500) if message]
    installation.take(journal)
    told = found(journal)
    assert told["violations"] == []
    assert client.xlen(EVENTS) == 0
    assert told["checked"]["accounts decided again"] == told["checked"]["accounts"]


@pytest.mark.usefixtures("decided")
def test_people_read_the_same(run: Run, write: Write) -> None:
    file = write(STORY)
    result = run("verify", "--journal", str(file))
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "verify: clean")
    for promise in ("I1", "I2", "I9", "I11", "I12", "I13"):
        assert any(row.startswith(f"{promise} ") for row in result.stdout.splitlines())
    file.write_bytes(gzip.compress(file.read_bytes()))
    assert run("verify", "--journal", str(file)).exit_code == 0
    result = run("verify", "--journal", str(write(STORY[:-1])))
    assert result.exit_code == 1
    assert "I1 default / ada / USD receipt shop r1: is not in the journal" in result.stdout
    assert run("verify", "--partial").exit_code == 2


@pytest.mark.usefixtures("decided")
@pytest.mark.parametrize(("harm", "promise", "where"), HARM)
def test_harm_to_the_database_is_found(
    found: Found, database_url: str, harm: str, promise: str, where: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("SET LOCAL session_replication_role = 'replica'")  # no triggers
        connection.execute(harm.encode())
    rows = found(STORY)["violations"]
    assert any(row["promise"] == promise and row["where"].startswith(where) for row in rows), rows


@pytest.mark.usefixtures("decided")
def test_a_message_that_never_came_is_found(found: Found) -> None:
    for lost in (line("credit.deduct", "lost", amount=1), line("credit.deduct", "l", customer="z",
                 amount=1)):  # fmt: skip
        (row,) = found([*STORY, lost])["violations"]
        assert row["promise"] == "I1"
        assert "has no outcome" in row["what"] and "number 14" in row["what"]
    (row,) = found([*STORY, b"other nonsense"])["violations"]
    assert row["promise"] == "I13"


@pytest.mark.usefixtures("decided")
def test_a_message_with_another_body_is_found(found: Found) -> None:
    journal = [raw.replace(b'"amount": 500', b'"amount": 501') for raw in STORY]
    assert journal != STORY
    (row,) = found(journal)["violations"]
    assert (row["promise"], row["where"]) == ("I9", "receipt shop g1")


@pytest.mark.usefixtures("decided")
def test_a_part_of_a_journal_explains_a_part(found: Found) -> None:
    part = [raw for raw in STORY if b'"boss"' not in raw and raw != b"nonsense"]
    assert set(found(part)["broken"]) == {"I1", "I13"}
    told = found(part[1:], "--partial")
    assert told["violations"] == []
    assert told["notes"] == [
        "2 receipts not in the journal, which --partial allows",
        "3 accounts not decided again (I9): the journal lacks some of their messages",
    ]


@pytest.mark.usefixtures("decided")
def test_what_waits_on_the_intake_is_not_lost(found: Found, broker: RedisBroker) -> None:
    late = [line("credit.deduct", "late", amount=1), b"late nonsense", STORY[6]]
    broker.submit(late)
    told = found([*STORY, *late])
    assert told["violations"] == []
    assert told["notes"] == [
        "3 messages on the intake: not checked is what else quarantine holds (I13)",
        "1 message of the journal without an outcome: still on the intake",
    ]
    assert found([*STORY, *late, line("credit.deduct", "lost", amount=1)])["broken"] == {"I1": 1}


@pytest.mark.usefixtures("decided")
@pytest.mark.parametrize(
    ("harm", "promises"),
    [
        (lambda events: events, set()),
        (lambda events: [*events, *events[-3:]], set()),  # published again
        (without(3), {"I11", "I12"}),
        (without(-4), {"I11"}),
        (lambda events: [*events[:2], *events[3:1:-1], *events[4:]], {"I12"}),
        (changed, {"I12"}),
        (lambda events: [*events, *changed(events)], {"I12"}),
        (without_quarantined, {"I11"}),
        (lambda events: [*events, ("*", {b"event": b"nonsense"})], {"I11"}),
        (lambda _: [], {"I11"}),
    ],
)
def test_harm_to_the_events_is_found(
    found: Found, client: Redis, harm: Any, promises: set[str]
) -> None:
    entries: Any = client.xrange(EVENTS)
    client.delete(EVENTS)
    for _, fields in harm(entries):
        client.xadd(EVENTS, fields)
    assert set(found(STORY)["broken"]) == promises


def test_units_of_a_tenant_are_known_from_their_declaration_on(
    found: Found, installation: Installation
) -> None:
    early = line("credit.grant", "e", currency="credits", amount=5)
    declared = line("tenant.configure", "u", units={"credits": 0})
    never = line("credit.grant", "n", currency="miles", amount=5)
    decided = line("credit.grant", "g", currency="credits", amount="7")
    journal = [early, declared, decided, early, never]
    installation.take(journal)
    installation.publish_events()
    assert found(journal)["violations"] == []
    assert found([declared, *journal[2:]])["broken"] == {"I1": 1, "I13": 1}


def test_clocks_that_go_back_and_runs_that_leave_little(
    found: Found, installation: Installation, client: Redis
) -> None:
    """A transfer between accounts that were last decided on either side of its instant; a run that
    voids what a hold reserved, and another that only ends a hold."""
    steps: list[tuple[int, list[bytes]]] = [
        (0, [line("credit.grant", "b", amount=5, customer="bob")]),
        (20, [line("credit.grant", "a", amount=90, grant="a")]),
        (10, [line("credit.transfer", "t", transfer="t", to_customer="bob", amount=1)]),
        (30, [line("credit.hold", "h1", hold="h1", amount=40, expires_at=rfc3339(START + HOUR))]),
        (40, [line("credit.grant", "c", amount=7, grant="c")]),
        (50, [line("credit.void", "v", grant="a")]),
        (9_000, []),
        (9_100, [line("credit.hold", "h2", hold="h2", amount=7,
                      expires_at=rfc3339(START + 3 * HOUR))]),
        (20_000, []),
    ]  # fmt: skip
    for seconds, bodies in steps:
        with at(START + timedelta(seconds=seconds)):
            installation.take(bodies) if bodies else installation.expire()
    installation.publish_events()
    journal = [body for _, bodies in steps for body in bodies]
    assert found(journal)["violations"] == []
    entries: Any = client.xrange(EVENTS)
    client.xdel(EVENTS, entries[1][0])  # the first of its account, but not the oldest of all
    assert found(journal)["broken"] == {"I11": 1}


def test_an_id_used_on_two_accounts_is_two_messages(
    found: Found, installation: Installation
) -> None:
    journal = [line("credit.grant", "g", amount=1, customer=name) for name in ("ada", "bob")]
    installation.take(journal[:1])
    installation.publish_events()
    (row,) = found(journal)["violations"]
    assert row["promise"] == "I1"
