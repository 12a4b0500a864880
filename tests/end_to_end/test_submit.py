"""`credits.submit` from a producer that speaks Celery and has no code of scrip."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from celery import Celery

from tests.end_to_end.messages import event, grant
from tests.end_to_end.outsider import Outsider, wait_for
from tests.producing import producer


@pytest.fixture(name="producer")
def _producer(running: Outsider) -> Iterator[Celery]:
    url = running.servers.broker_url
    with producer(url, url) as app:
        yield app


def submitted(producer: Celery, message: bytes) -> Any:
    """The task's result, as its caller gets it."""
    arguments = [json.loads(message)]
    task = producer.send_task("credits.submit", args=arguments, queue="scrip.tasks")
    return task.get(timeout=15)


def test_the_receipt_comes_back_and_its_repeat_is_the_same(producer: Celery) -> None:
    """A caller that never got its answer asks again with the same id."""
    message = grant("sub", 500)
    receipt = {"outcome": "applied", "reason": None, "seq_first": 1, "seq_last": 1}
    assert submitted(producer, message).items() >= receipt.items()
    assert submitted(producer, message).items() >= receipt.items()


def test_a_refusal_is_an_answer(producer: Celery) -> None:
    """Business refusals are outcomes, not errors (R21)."""
    told = submitted(producer, event("credit.deduct", "poor", amount=1))
    assert (told["outcome"], told["reason"]) == ("refused", "insufficient_credit")


def test_a_malformed_message_says_that_it_is_in_quarantine(producer: Celery) -> None:
    told = submitted(producer, event("credit.grant", "sub", amount=-1))
    assert told["outcome"] is None
    assert "data.amount" in told["quarantined"]


def test_a_message_in_a_unit_that_nobody_has_declared_is_in_quarantine_too(
    producer: Celery,
) -> None:
    """It reads well, so there might have been a receipt; once declared, there is one."""
    message = event("credit.grant", "sub", currency="SEATS", amount="1.5")
    assert "unknown currency 'SEATS'" in submitted(producer, message)["quarantined"]
    submitted(producer, event("tenant.configure", "sub", units={"SEATS": 1}))
    assert submitted(producer, message)["outcome"] == "applied"


def test_a_time_out_means_unknown_and_asking_again_tells(
    producer: Celery, running: Outsider
) -> None:
    """Somebody holds the account's row for longer than the task waits."""
    submitted(producer, grant("held", 100))
    message = event("credit.deduct", "held", amount=60)
    with psycopg.connect(running.servers.database_url) as other:
        other.execute("SELECT 1 FROM accounts WHERE customer = 'held' FOR UPDATE")
        with pytest.raises(Exception, match="the outcome is unknown"):
            submitted(producer, message)
    wait_for("the message to be decided", running.is_quiet)
    assert submitted(producer, message)["outcome"] == "applied"
    assert running.ask("SELECT balance FROM balance WHERE customer = 'held'") == [(40,)]
