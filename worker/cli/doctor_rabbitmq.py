"""The doctor's look at RabbitMQ: it creates nothing."""

from collections.abc import Iterator
from typing import Any

from amqp import AMQPError
from amqp.exceptions import NotFound
from kombu import Connection

from worker.amqp_broker import verified
from worker.amqp_topology import DEAD, INTAKE
from worker.cli.findings import Finding, error, ok, warning
from worker.cli.output import count

OLDEST = (3, 10)


def rabbitmq_checks(url: str) -> Iterator[Finding]:
    """Whether it answers, is new enough, is being read, and has dead letters."""
    client = Connection(url, connect_timeout=5, ssl=verified(url))
    try:
        connection: Any = client.transport.establish_connection()
    except (AMQPError, OSError) as failure:
        advice = "start the broker, or set BROKER_URL to where it is"
        yield error("broker", f"cannot be reached: {failure}", advice)
        return
    try:
        yield _version(str(connection.server_properties.get("version", "0.0")))
        yield _intake(connection)
        yield from _dead_letters(connection)
    finally:
        connection.collect()


def _version(version: str) -> Finding:
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        return error("broker", f"RabbitMQ {version} is too old", "use RabbitMQ 3.10 or newer")
    return ok("broker", f"RabbitMQ {version} answers; messages are on its disks when confirmed")


def _intake(connection: Any) -> Finding:
    queue = _queue(connection, INTAKE)
    if queue is None:
        return warning("intake", f"{INTAKE} is not there yet", "start a worker, which declares it")
    words = f"{count(queue.message_count, 'message')} waiting"
    if queue.message_count and not queue.consumer_count:
        return warning("intake", f"{words}, and nobody reads", "see below, and the worker's log")
    return ok("intake", words)


def _dead_letters(connection: Any) -> Iterator[Finding]:
    queue = _queue(connection, DEAD)
    if queue is not None and queue.message_count:
        words = f"{count(queue.message_count, 'message')} on {DEAD}"
        yield warning("dead letters", words, "a running worker takes them into quarantine")


def _queue(connection: Any, name: str) -> Any:
    try:
        return connection.channel().queue_declare(name, passive=True)
    except NotFound:
        return None
