"""What a process tells Prometheus, with a look at the servers at the moment it is asked.

The look has connections of its own, in the thread of whoever asks: the money's way never waits for
it, and nobody asks the servers when nobody asks us. What does not answer in time is NaN.
"""

import math
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Any

from amqp import AMQPError
from prometheus_client import Gauge, generate_latest
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from db import health
from db.engine import engine_for
from db.health import Waiting
from db.roles import RELAY, WORKER
from worker import metrics, wiring
from worker.amqp_broker import AmqpBroker
from worker.ports import BrokerError
from worker.redis_broker import INTAKE
from worker.settings import Settings

ANSWER_SECONDS_MAX = 1
"""For each question; a scrape asks five."""

_QUEUE_SECONDS_MAX = 5.0
_UNANSWERED = (SQLAlchemyError, BrokerError, RedisError, AMQPError, OSError)
_UNKNOWN = Waiting(math.nan, math.nan)  # type: ignore[arg-type]


class Scrape:
    """Fills the gauges about the servers, then writes the registry down."""

    def __init__(self, settings: Settings, process: str) -> None:
        """For `worker` or `relay`, each with no more rights than its work gives it."""
        self._registry = metrics.REGISTRIES[process]
        self._is_relay = process == "relay"
        database = settings.database_url.get_secret_value()
        self._engine = engine_for(database, pool_size=1, role=RELAY if self._is_relay else WORKER)
        url = wiring.broker_url(settings)
        self._intake = partial(_of_amqp, url) if wiring.is_amqp(url) else _of_redis(url)
        self._one_at_a_time = Lock()

    def __call__(self) -> bytes:
        """All metrics of this process in Prometheus' text format."""
        # Whoever comes while a server is slow gets what the one before has found.
        if self._one_at_a_time.acquire(timeout=_QUEUE_SECONDS_MAX):
            try:
                self._look()
            finally:
                self._one_at_a_time.release()
        return generate_latest(self._registry)

    def _look(self) -> None:
        outbox = self._asked(health.outbox)
        _fill(metrics.outbox_batches, metrics.outbox_oldest, outbox)
        answered = [outbox]
        if not self._is_relay:
            answered += self._look_around()
        metrics.scrape_ok.labels("database").set(None not in answered)

    def _look_around(self) -> list[Any]:
        """What only the worker may look at; returns the database's answers."""
        intake = _answer(self._intake)
        _fill(metrics.intake_messages, metrics.intake_oldest, intake)
        metrics.scrape_ok.labels("broker").set(intake is not None)
        answers = [self._asked(health.quarantine_held), self._asked(health.expiry_overdue)]
        for gauge, answer in zip(
            (metrics.quarantine_held, metrics.expiry_overdue), answers, strict=True
        ):
            gauge.set(math.nan if answer is None else answer)
        return answers

    def _asked(self, question: Callable[[Connection], Any]) -> Any:
        return _answer(partial(self._ask, question))

    def _ask(self, question: Callable[[Connection], Any]) -> Any:
        with self._engine.begin() as connection:
            connection.execute(text(f"SET LOCAL statement_timeout = '{ANSWER_SECONDS_MAX}s'"))
            return question(connection)


def _answer(question: Callable[[], Any]) -> Any:
    try:
        return question()
    except _UNANSWERED:
        return None


def _fill(number: Gauge, oldest: Gauge, waiting: Waiting | None) -> None:
    rows, seconds = waiting or _UNKNOWN
    number.set(rows)
    oldest.set(seconds)


def _of_redis(url: str) -> Callable[[], Waiting]:
    client = Redis.from_url(
        url,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=ANSWER_SECONDS_MAX,
        socket_connect_timeout=ANSWER_SECONDS_MAX,
        protocol=2,
    )

    def look() -> Waiting:
        with client.pipeline(transaction=False) as asked:
            asked.xlen(INTAKE)
            asked.xread({INTAKE: "0-0"}, count=1)
            asked.time()
            length, first, (seconds, micros) = asked.execute()
        if not first:
            return Waiting(0, 0.0)
        since = int(first[0][1][0][0].split(b"-")[0]) / 1e3
        return Waiting(length, max(0.0, seconds + micros / 1e6 - since))

    return look


def _of_amqp(url: str) -> Waiting:
    """A connection for each look: one that is kept wants heartbeats, and nobody is here to beat."""
    broker = AmqpBroker(url)
    try:
        return Waiting(broker.backlog(), math.nan)
    finally:
        broker.close()
