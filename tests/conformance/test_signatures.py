"""What comes beside a message comes through, whoever carries it."""

from __future__ import annotations

from tests.conformance.test_broker import take
from worker.ports import Broker

SIGNATURES = ["new:" + "0f" * 32, None, "", "\x00 is no signature", "é" * 1_000]


def test_each_message_has_its_own_signature(broker: Broker) -> None:
    broker.submit([b"%d" % number for number in range(len(SIGNATURES))], SIGNATURES)
    assert [delivery.signature for delivery in take(broker, len(SIGNATURES))] == SIGNATURES


def test_without_signatures_there_are_none(broker: Broker) -> None:
    broker.submit([b"one", b"signature"])
    assert [delivery.signature for delivery in take(broker, 2)] == [None, None]
