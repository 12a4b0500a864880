"""The doctor's look at RabbitMQ: it creates nothing."""

from collections.abc import Iterator
from typing import Any

from amqp import AMQPError
from amqp.exceptions import AccessRefused, NotFound, PreconditionFailed
from kombu import Connection

from worker.amqp_connection import verified
from worker.amqp_topology import DEAD, INTAKE, KEPT, Keep, declare_kept
from worker.cli.findings import Finding, error, ok, warning
from worker.cli.output import count

OLDEST = (3, 10)


def rabbitmq_checks(url: str, keep: Keep) -> Iterator[Finding]:
    """Whether it answers, is new enough, is being read, has dead letters, and keeps events."""
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
        yield _kept_events(connection, keep)
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


def _kept_events(connection: Any, keep: Keep) -> Finding:
    try:
        queue = connection.channel().queue_declare(KEPT, passive=True)
        declare_kept(connection.channel(), keep)
    except NotFound as failure:
        if "down or inaccessible" in str(failure):
            words = f"{KEPT} has no leader: events go to subscribers, and none is kept"
            return warning("kept events", words, "see worker/RABBITMQ.md")
        return warning("kept events", f"{KEPT} is not there yet", "start a relay, which makes it")
    except PreconditionFailed as difference:
        words = f"{KEPT} has other limits than the settings say: {_in_short(difference)}"
        return warning("kept events", words, "see worker/RABBITMQ.md")
    except AccessRefused:
        return ok("kept events", f"{KEPT} is there; this user may not compare its limits")
    return ok("kept events", f"about {queue.message_count:,} on {KEPT}")


def _in_short(difference: PreconditionFailed) -> str:
    return str(difference.reply_text).partition(" - ")[2]


def _queue(connection: Any, name: str) -> Any:
    try:
        return connection.channel().queue_declare(name, passive=True)
    except NotFound:
        return None
