"""To redrive is to say when: a message has the rights of its sender, and no others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text

from db.store import PostgresStore
from tests.cli.conftest import Run
from tests.worker.codec_cases import encoded, event
from tests.worker.signed import KEYS, signature
from worker.clock import SystemClock
from worker.codec import Codec, Decode
from worker.deciding import OwnThread
from worker.intake import Reader
from worker.lease import Tenure
from worker.redis_broker import RedisBroker
from worker.signatures import Key, SignedCodec

Take = Callable[..., dict[str, str]]


def checking(keys: dict[str, Key], *, strict: bool) -> Decode:
    return SignedCodec(Codec().decode, keys, strict=strict).decode


@pytest.fixture
def broker(broker_url: str) -> Iterator[RedisBroker]:
    found = RedisBroker(broker_url)
    yield found
    found.close()


@pytest.fixture
def take(store: PostgresStore, broker: RedisBroker) -> Take:
    """Reads the intake until it is empty; returns what is held in quarantine, by message id."""

    def read(decode: Decode) -> dict[str, str]:
        clock = SystemClock()
        tenure = Tenure(store, clock, "reader/0", "test:1", 30.0)
        reader = Reader(broker, OwnThread(store, decode), clock, tenure)
        while broker.backlog():
            reader.turn(0.1)
        reader.stop()
        with store.engine.connect() as connection:
            sql = "SELECT message_id, reason FROM quarantine WHERE state = 'held'"
            return {row[0]: row[1] for row in connection.execute(text(sql))}

    return read


def applied(store: PostgresStore) -> set[str]:
    with store.engine.connect() as connection:
        return set(connection.execute(text("SELECT id FROM receipts")).scalars())


def message(name: str, **data: Any) -> bytes:
    return encoded({**event(**data), "id": name})


RIGHT, FORGED, BARE, ODD, FOREIGN = (
    message(name) for name in ("right", "forged", "bare", "odd", "foreign")
)
SIGNATURES = [
    signature(RIGHT, "new"),
    signature(RIGHT, "old"),
    None,
    "\x00",
    signature(FOREIGN, "acme-crm"),
]


@pytest.mark.parametrize("strict", [True, False])
def test_a_redrive_is_no_way_around(
    run: Run, take: Take, store: PostgresStore, broker: RedisBroker, strict: bool
) -> None:
    """What was held for its signature is held again, and stays so however often it is sent."""
    decode = checking(KEYS, strict=strict)
    broker.submit([RIGHT, FORGED, BARE, ODD, FOREIGN], SIGNATURES)
    held = take(decode)
    assert set(held) == {"forged", "odd", "foreign", *(["bare"] if strict else [])}
    for _ in range(2):
        assert run("quarantine", "redrive", "--all").exit_code == 0
        assert take(decode) == held
    assert applied(store) == {"right", "bare"} - set(held)


def test_what_was_rightly_signed_goes_through_once_its_key_is_there(
    run: Run, take: Take, store: PostgresStore, broker: RedisBroker
) -> None:
    """The publisher had the new key before the worker had it."""
    broker.submit([RIGHT, FORGED], SIGNATURES)
    held = take(checking({"old": KEYS["old"]}, strict=True))
    assert held["right"] == "signature: no key is called 'new' here"
    run("quarantine", "redrive", "--all")
    assert set(take(checking(KEYS, strict=True))) == {"forged"}
    assert applied(store) == {"right"}


def test_a_key_of_one_tenant_gains_nothing_by_being_malformed_first(
    run: Run, take: Take, store: PostgresStore, broker: RedisBroker
) -> None:
    """Its tenant could not be read while its type was unknown, so nobody had checked it."""

    def older(raw: bytes, signature: str | None = None, /) -> Any:
        return Codec().decode(raw.replace(b"credit.grant", b"credit.unheard"), signature)

    broker.submit([RIGHT, FOREIGN], [SIGNATURES[0], SIGNATURES[-1]])
    held = take(older)
    assert set(held) == {"right", "foreign"}
    run("quarantine", "redrive", "--all")
    assert "does not speak for this tenant" in take(checking(KEYS, strict=True))["foreign"]
    assert applied(store) == {"right"}
