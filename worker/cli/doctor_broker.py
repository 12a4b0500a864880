"""The doctor's look at the broker."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from redis import Redis, RedisError

from worker import wiring
from worker.cli.doctor_rabbitmq import rabbitmq_checks
from worker.cli.findings import Finding, error, ok, seconds, warning
from worker.cli.output import count
from worker.ports import BrokerError
from worker.redis_broker import INTAKE
from worker.settings import Settings

OLDEST = (7, 2)
WAITING_MAX = 10.0
"""Seconds after which a waiting message says that nobody is reading."""


def broker_checks(settings: Settings) -> Iterator[Finding]:
    """Whether it answers, is new enough, keeps what it is given, and is being read."""
    url = wiring.broker_url(settings)
    if wiring.is_amqp(url):
        return rabbitmq_checks(url, wiring.kept(settings))
    return _redis_checks(url)


def _redis_checks(url: str) -> Iterator[Finding]:
    client = Redis.from_url(
        url,
        decode_responses=True,
        socket_connect_timeout=5,
        socket_timeout=5,
    )
    with client:
        try:
            about: Mapping[str, Any] = client.info()
        except (RedisError, OSError, BrokerError) as failure:
            advice = "start the broker, or set BROKER_URL to where it is"
            yield error("broker", f"cannot be reached: {failure}", advice)
            return
        yield _version(about)
        yield from _keeps_everything(client, about)
        yield _intake(client)


def _version(about: Mapping[str, Any]) -> Finding:
    compatible = str(about["redis_version"])
    is_valkey = "valkey_version" in about
    name = f"Valkey {about['valkey_version']}" if is_valkey else f"Redis {compatible}"
    if tuple(int(part) for part in compatible.split(".")[:2]) < OLDEST:
        return error("broker", f"{name} is too old", "use Redis 7.2, Valkey 8 or newer")
    return ok("broker", f"{name} answers")


def _keeps_everything(client: Redis, about: Mapping[str, Any]) -> Iterator[Finding]:
    policy = about.get("maxmemory_policy")
    if policy == "noeviction":
        yield ok("broker memory", "noeviction: a full broker refuses messages, it drops none")
    else:
        words = f"maxmemory-policy is {policy}: a full broker would drop messages"
        yield error("broker memory", words, "set maxmemory-policy to noeviction")
    if about.get("aof_enabled"):
        fsync = None
        with suppress(RedisError):  # managed brokers often refuse CONFIG
            fsync = client.config_get("appendfsync").get("appendfsync")
        written = f", to disk {fsync}" if fsync else ""
        yield ok("broker log", f"appendonly is on{written}: messages survive a restart")
    else:
        words = "appendonly is off: messages on the intake are lost when the broker restarts"
        yield warning("broker log", words, "set appendonly to yes")


def _intake(client: Redis) -> Finding:
    try:
        waiting = int(client.xlen(INTAKE))
        first: Any = client.xrange(INTAKE, count=1)
        now, micros = client.time()
    except RedisError as failure:
        words = f"{INTAKE} cannot be read: {failure}"
        return error("intake", words, f"{INTAKE} must be a stream, or not be there at all")
    if not first:
        return ok("intake", "empty")
    age = now + micros / 1e6 - int(first[0][0].split("-")[0]) / 1e3
    words = f"{count(waiting, 'message')} waiting, the oldest for {seconds(age)}"
    if age > WAITING_MAX:
        return warning("intake", words, "see below whether a worker is reading, and its log")
    return ok("intake", words)
